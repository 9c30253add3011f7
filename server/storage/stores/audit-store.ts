import { AUDIT_GENESIS, auditHash } from '#protocols';
import type {
  AuditEntry,
  AuditFilter,
  AuditPage,
  AuditStore,
  NewAuditEntry,
} from '../../domain/audit/audit.ts';
import { REFUSED } from '../../domain/audit/audit.ts';
import type { Access } from '../engine.ts';

/** PostgreSQL: whoever appends waits here for the one before to commit. "log" in ASCII. */
const APPEND_LOCK = 0x6c6f67;

export class DatabaseAuditStore implements AuditStore {
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  async append(entry: NewAuditEntry): Promise<void> {
    const { models, provider } = this.#access;
    if (provider === 'postgresql')
      await models.$executeRawUnsafe('SELECT pg_advisory_xact_lock($1::bigint)', APPEND_LOCK);
    const last = await models.auditEntry.findFirst({ orderBy: { seq: 'desc' } });
    const { at, actor, role, action, subject, detail } = entry;
    const { origin = null, before = null, after = null, areaId = null } = entry;
    const chained = {
      ...{ seq: (last?.seq ?? 0) + 1, at, actor, role, action, subject, detail },
      ...{ origin, before, after, areaId },
      previousHash: last?.hash ?? AUDIT_GENESIS,
    };
    await models.auditEntry.create({ data: { ...chained, hash: auditHash(chained) } });
  }

  async list(fromSeq: number, limit: number): Promise<AuditEntry[]> {
    return this.#access.models.auditEntry.findMany({
      where: { seq: { gte: fromSeq } },
      orderBy: { seq: 'asc' },
      take: limit,
    });
  }

  async find(filter: AuditFilter, { order, beyond, limit }: AuditPage): Promise<AuditEntry[]> {
    const { models, provider } = this.#access;
    const direction = order === 'newest' ? 'desc' : 'asc';
    const values: (string | number)[] = [];
    const place = (value: string | number) => {
      values.push(value);
      return provider === 'sqlite' ? '?' : `$${values.length}`;
    };
    const terms = termsOf(filter, place, provider);
    if (beyond !== undefined) terms.push(`"seq" ${order === 'newest' ? '<' : '>'} ${place(beyond)}`);
    const where = terms.length === 0 ? '' : `WHERE ${terms.join(' AND ')}`;
    const sql = `SELECT "seq" FROM "AuditEntry" ${where} ORDER BY "seq" ${direction} LIMIT ${place(limit)}`;
    const rows: { readonly seq: number | bigint }[] = await models.$queryRawUnsafe(sql, ...values);
    return models.auditEntry.findMany({
      where: { seq: { in: rows.map(({ seq }) => Number(seq)) } },
      orderBy: { seq: direction },
    });
  }
}

/** Conditions in SQL, their values through `place`. The areas travel as one parameter, however many they are. */
function termsOf(
  filter: AuditFilter,
  place: (value: string | number) => string,
  provider: Access['provider'],
): string[] {
  const { actor, action, subject, areas, arealess, from, to, refused } = filter;
  const terms: string[] = [];
  for (const [column, value] of Object.entries({ actor, action, subject }))
    if (value !== undefined) terms.push(`"${column}" = ${place(value)}`);
  if (from !== undefined) terms.push(`"at" >= ${place(from)}`);
  if (to !== undefined) terms.push(`"at" < ${place(to)}`);
  if (refused !== undefined) terms.push(`"action" ${refused ? '=' : '<>'} ${place(REFUSED)}`);
  if (areas !== undefined) {
    const list = place(JSON.stringify(areas));
    const ids =
      provider === 'sqlite'
        ? `SELECT value FROM json_each(${list})`
        : `SELECT jsonb_array_elements_text(${list}::jsonb)`;
    const inAreas = `"areaId" IN (${ids})`;
    terms.push(arealess === true ? `(${inAreas} OR "areaId" IS NULL)` : inAreas);
  }
  return terms;
}

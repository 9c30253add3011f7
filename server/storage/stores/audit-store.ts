import { sha256 } from '#protocols';
import type { AuditEntry, AuditStore } from '../../domain/audit/audit.ts';
import type { Access } from '../engine.ts';

/** What the first entry refers to. */
const GENESIS = sha256('loa-audit/1');
/** PostgreSQL: whoever appends waits here for the one before to commit. "log" in ASCII. */
const APPEND_LOCK = 0x6c6f67;

/** The hash that binds an entry to the one before: SHA-256 of its fields as a JSON list, in the order written here. */
export function auditHash(entry: Omit<AuditEntry, 'hash'>): string {
  const { previousHash, seq, at, actor, role, action, subject, detail } = entry;
  return sha256(JSON.stringify([previousHash, seq, at, actor, role, action, subject, detail]));
}

export class DatabaseAuditStore implements AuditStore {
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  async append(
    entry: Pick<AuditEntry, 'at' | 'actor' | 'role' | 'action' | 'subject' | 'detail'>,
  ): Promise<void> {
    const { models, provider } = this.#access;
    if (provider === 'postgresql')
      await models.$executeRawUnsafe('SELECT pg_advisory_xact_lock($1::bigint)', APPEND_LOCK);
    const last = await models.auditEntry.findFirst({ orderBy: { seq: 'desc' } });
    const { at, actor, role, action, subject, detail } = entry;
    const chained = {
      ...{ seq: (last?.seq ?? 0) + 1, at, actor, role, action, subject, detail },
      previousHash: last?.hash ?? GENESIS,
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
}

import Type from 'typebox';
import {
  AuditEntrySchema,
  type AuditHead,
  auditHeadCodec,
  codec,
  firstBroken,
  isDomainError,
  KeyRing,
  keyStatementCodec,
  payloadOf,
  verifyDocument,
} from '#protocols';

/** An audit log as the controller exports it. `statements`: left out by those of before there were heads. */
const AuditExportSchema = Type.Object({
  format: Type.Literal('loa-audit/1'),
  statements: Type.Optional(Type.Array(Type.String())),
  entries: Type.Array(AuditEntrySchema),
});
const exportCodec = codec('audit export', AuditExportSchema);

/** What was kept outside: of a file the signed document, of paper a number and a hash. */
export type GivenHead = { readonly document: string } | { readonly seq: number; readonly hash: string };

export interface AuditVerdict {
  readonly holds: boolean;
  /** First and last entry of the file; null: it has none. */
  readonly range: readonly [number, number] | null;
  readonly fromGenesis: boolean;
  /** Root keys that the statements begin with: to be compared with the sheet of a loudspeaker's enrolment. */
  readonly roots: readonly string[];
  /** What does not hold, the first broken entry first. */
  readonly broken: readonly string[];
  /** Heads that fit, in words. */
  readonly fitting: readonly string[];
}

const DOCUMENT = /eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+/;
const TYPED = /^(\d{1,15}):([0-9a-f]{64})$/;

/** A head as it was given: "SEQ:HASH" (spaces do not count), or the text of a file with a signed head in it; undefined where it is neither. */
export function readHead(text: string): GivenHead | undefined {
  const document = DOCUMENT.exec(text)?.[0];
  if (document !== undefined) return { document };
  const [, seq, hash] = TYPED.exec(text.replace(/\s/g, '').toLowerCase()) ?? [];
  return seq === undefined || hash === undefined ? undefined : { seq: Number(seq), hash };
}

/**
 * Checks an exported log by itself, and against heads that were kept outside. `roots`: root keys that the reader trusts; without any,
 * those that the file names. Throws `document.malformed` for what is no export.
 */
export async function verifyAudit(
  text: string,
  heads: readonly GivenHead[],
  roots: readonly string[] = [],
): Promise<AuditVerdict> {
  const { entries, statements = [] } = exportCodec.parse(text);
  const [first, last] = [entries.at(0), entries.at(-1)];
  const broken: string[] = [];
  const fitting: string[] = [];
  const wrong = firstBroken(entries);
  if (wrong !== undefined) broken.push(BROKEN[wrong.why](wrong.seq));
  const named = firstRoots(statements);
  if (roots.length > 0 && named.length > 0 && !named.some((root) => roots.includes(root)))
    broken.push('tệp mang khóa gốc khác với khóa mà bạn tin');
  const ring = await ringOf(statements, roots.length > 0 ? roots : named);
  for (const given of heads) {
    const head = 'document' in given ? await proved(given.document, ring) : given;
    if (typeof head === 'string') {
      broken.push(head);
      continue;
    }
    const what = `đầu nhật ký ở dòng ${head.seq}${'day' in head ? ` (ngày ${head.day}, có chữ ký)` : ''}`;
    const entry = entries.find(({ seq }) => seq === head.seq);
    if (entry === undefined) broken.push(`${what}: tệp không có dòng này`);
    else if (entry.hash !== head.hash)
      broken.push(`${what}: dòng này nay có mã băm khác; nó hoặc một dòng trước nó đã bị sửa`);
    else fitting.push(what);
  }
  return {
    holds: broken.length === 0,
    range: first === undefined || last === undefined ? null : [first.seq, last.seq],
    fromGenesis: first?.seq === 1,
    roots: named,
    broken,
    fitting,
  };
}

const BROKEN = {
  changed: (seq: number) => `dòng ${seq}: nội dung không khớp với mã băm của nó`,
  not_chained: (seq: number) => `dòng ${seq}: không nối tiếp dòng trước nó`,
  missing: (seq: number) => `dòng ${seq}: thiếu (hãy xuất toàn bộ, không lọc)`,
};

function firstRoots(statements: readonly string[]): readonly string[] {
  const [first] = statements;
  return first === undefined ? [] : keyStatementCodec.parse(payloadOf(first)).roots;
}

/** Every ring that was ever in force: a head of last year was signed with last year's key. */
async function ringOf(statements: readonly string[], roots: readonly string[]): Promise<readonly KeyRing[]> {
  const rings = [KeyRing.pinned(roots)];
  for (const statement of statements) {
    try {
      rings.push(await (rings.at(-1) as KeyRing).extend(statement));
    } catch (error) {
      if (!isDomainError(error)) throw error;
      break;
    }
  }
  return rings;
}

/** The head in a signed document, or why it is not believed. */
async function proved(document: string, rings: readonly KeyRing[]): Promise<AuditHead | string> {
  let reason = 'không có khóa nào';
  for (const ring of rings.toReversed()) {
    try {
      return auditHeadCodec.parse((await verifyDocument('audit', document, ring)).payload);
    } catch (error) {
      if (!isDomainError(error)) throw error;
      reason = error.message;
    }
  }
  return `đầu nhật ký không được chữ ký nào bảo chứng: ${reason}`;
}

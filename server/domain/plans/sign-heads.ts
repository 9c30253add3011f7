import type { Instant } from '#kit';
import {
  nextRevision,
  PLAN_HORIZON_DAYS,
  type PlanHead,
  planHeadCodec,
  type Scope,
  scopeKey,
  scopeOfKey,
} from '#protocols';
import type { ClearedMessage } from '../announcements/clearance.ts';
import type { DocumentSigner } from '../keys/key-service.ts';
import type { Turns } from '../turns.ts';
import type { ScopeDocuments } from './area-days.ts';
import type { HeadBook } from './head-book.ts';
import type { StoredHead } from './plan.ts';

const DAY_MS = 24 * 3_600_000;
/** A head in which nothing changed is signed again so long after it was signed: its validity moves on. */
const RENEW_AFTER_MS = DAY_MS - 2 * 3_600_000;

export interface HeadWishes {
  /** By key of the scope. */
  readonly scopes: ReadonlyMap<string, ScopeDocuments>;
  /** By key of the scope; only those that have any. */
  readonly stored: ReadonlyMap<
    string,
    { readonly scope: Scope; readonly messages: readonly ClearedMessage[] }
  >;
  /** The highest revision that a loudspeaker showed with our signature, by key of the scope. */
  readonly seen: ReadonlyMap<string, number>;
  /** Whether nobody is left who would hold the head of a scope: what it says is then of no use, and its end may come. */
  readonly retired: (scope: Scope) => boolean;
}

/** The heads that have to be signed anew: what they say has changed, they need a later end, or a speaker holds a later one. */
export async function signHeads(
  { scopes, stored, seen, retired }: HeadWishes,
  book: HeadBook,
  signer: Pick<DocumentSigner, 'sign' | 'isCurrent'>,
  now: Instant,
  turns: Turns,
): Promise<StoredHead[]> {
  const wanted = new Map<string, Scope>();
  for (const { head } of book.all()) wanted.set(scopeKey(head.scope), head.scope);
  for (const [key, { scope }] of [...scopes, ...stored]) wanted.set(key, scope);
  for (const key of seen.keys()) wanted.set(key, wanted.get(key) ?? scopeOfKey(key));
  const signed: StoredHead[] = [];
  for (const [key, scope] of wanted) {
    await turns.take();
    const before = book.get(scope);
    const documents = scopes.get(key)?.documents ?? [];
    const messages = stored.get(key)?.messages ?? [];
    const highest = seen.get(key) ?? 0;
    if (
      before !== undefined &&
      highest < before.stored.revision &&
      signer.isCurrent(before.stored.document) &&
      (now < before.stored.issuedAt + RENEW_AFTER_MS || retired(scope)) &&
      says(before.head) === says({ documents, stored: [...messages] })
    )
      continue;
    const issuedAt = Math.floor(now);
    const head: PlanHead = {
      v: 1,
      scope: { kind: scope.kind, id: scope.id },
      revision: nextRevision(now, before?.stored.revision ?? 0, highest),
      issuedAt,
      validUntil: issuedAt + PLAN_HORIZON_DAYS * DAY_MS,
      documents: [...documents],
      stored: [...messages],
    };
    const { document, hash } = await signer.sign('plan', planHeadCodec.check(head));
    const { revision, validUntil } = head;
    signed.push({ scope: key, revision, hash, document, validUntil, issuedAt });
  }
  return signed;
}

function says({ documents, stored }: Pick<PlanHead, 'documents' | 'stored'>): string {
  return JSON.stringify([
    documents.map(({ day, sha256 }) => [day, sha256]),
    stored.map(({ name, title, content }) => [name, title, content.sha256]),
  ]);
}

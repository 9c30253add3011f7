import type { Clock, Instant } from '#kit';
import { type AuditHead, DomainError } from '#protocols';
import { type Actor, authorize } from '../accounts/actor.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import type { DocumentSigner } from '../keys/key-service.ts';
import { addDays, type CalendarDay, localDay } from '../policies/zoned-time.ts';
import type { Storage, Transaction } from '../unit-of-work.ts';
import type { StoredHead } from './audit-head-store.ts';
import { record } from './record.ts';

export interface AuditHeadsOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly signer: Pick<DocumentSigner, 'sign'>;
  readonly areas: AreaDirectory;
  /** The area of the whole controller. */
  readonly areaId: () => string;
  /** False while the controller doubts its clock: a head would bear a day that was not. */
  readonly clockTrusted: () => boolean;
  /** A head was made and committed. */
  readonly onMade: () => void;
}

/**
 * Signed heads of the audit log, one for each local day. Whoever can write to the database can make the log anew from any entry on; what
 * was carried outside before (mailed, printed, copied) then no longer fits. See `npm run verify -- --audit`.
 */
export class AuditHeads {
  readonly #options: AuditHeadsOptions;

  constructor(options: AuditHeadsOptions) {
    this.#options = options;
  }

  /** Makes the head of the day that was over last, if it has none yet. A box that was off makes one for all days that it missed. */
  async closeDay(): Promise<void> {
    const { storage, clock, clockTrusted } = this.#options;
    if (!clockTrusted()) return;
    const now = Math.floor(clock.now());
    const day = dayText(addDays(localDay(this.#zone, now), -1));
    const last = await storage.read.auditHeads.latestWhole();
    if (last !== null && last.day >= day) return;
    await storage.transaction((tx) => this.#make(tx, day, true, now));
  }

  /** Makes one of this moment. The act itself is the first entry after it. Throws `request.forbidden`. */
  async makeNow(tx: Transaction, actor: Actor): Promise<StoredHead> {
    this.#authorize(actor);
    const now = Math.floor(this.#options.clock.now());
    const head = await this.#make(tx, dayText(localDay(this.#zone, now)), false, now);
    await record(tx, now, actor, 'audit.head', String(head.n), { seq: head.seq, hash: head.hash });
    return head;
  }

  /** Newest first. Throws `request.forbidden`. */
  page(actor: Actor, before: number | undefined, limit: number): Promise<StoredHead[]> {
    this.#authorize(actor);
    return this.#options.storage.read.auditHeads.page(before, limit);
  }

  /** Throws `request.forbidden`, `request.not_found`. */
  async get(actor: Actor, n: number): Promise<StoredHead> {
    this.#authorize(actor);
    const head = await this.#options.storage.read.auditHeads.get(n);
    if (head === null) throw new DomainError('request.not_found', { what: 'audit head', id: String(n) });
    return head;
  }

  async #make(tx: Transaction, day: string, whole: boolean, issuedAt: Instant): Promise<StoredHead> {
    const { signer, areaId, onMade } = this.#options;
    const [newest] = await tx.audit.find({}, { order: 'newest', limit: 1 });
    if (newest === undefined) throw new Error('an audit log without an entry has no head');
    const before = await tx.auditHeads.latest();
    const facts = {
      ...{ n: (before?.n ?? 0) + 1, day, whole, seq: newest.seq, hash: newest.hash },
      ...{ count: newest.seq - (before?.seq ?? 0), issuedAt },
    };
    const payload: AuditHead = { v: 1, areaId: areaId(), zone: this.#zone, ...facts };
    const { document } = await signer.sign('audit', payload);
    const head = { ...facts, document };
    await tx.auditHeads.insert(head);
    tx.afterCommit(onMade);
    return head;
  }

  /** Heads are of the whole log: for whoever may read it from the root of the territory on. */
  #authorize(actor: Actor): void {
    authorize(actor, 'audit:read', this.#options.areaId(), this.#options.areas.tree);
  }

  get #zone(): string {
    return this.#options.areas.tree.zoneOf(this.#options.areaId());
  }
}

function dayText({ year, month, day }: CalendarDay): string {
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

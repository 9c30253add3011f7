import type { Instant } from '#kit';
import { nextRevision, scopeKey, sha256 } from '#protocols';
import type { Refusal } from '../schedule/target-rules.ts';
import type { Turns } from '../turns.ts';
import type { StoredSlot } from './plan.ts';
import type { SlotBook } from './slot-book.ts';
import type { ScheduleDrafts, SlotDraft, SlotFacts } from './slot-draft.ts';
import { scopesOfTargets, wholeLine } from './slot-line.ts';

/** Why a slot that has begun is stopped: everything else lets it sound to its end. */
const STOPS: readonly string[] = ['schedule.skipped', 'schedule.not_approved'];

export interface DraftRange {
  readonly now: Instant;
  /** What is new in the schedules came into them at this instant or later. */
  readonly since: Instant;
}

/** What a new look at the schedules makes of the plan. */
export interface DraftPlan {
  /** Every slot in force, to be written into documents, by series; the same array while nothing changed. */
  readonly inForce: ReadonlyMap<string, readonly StoredSlot[]>;
  /** New and changed ones among them. */
  readonly changed: readonly StoredSlot[];
  /** Taken out, with `withdrawnAt`. */
  readonly withdrawn: readonly StoredSlot[];
  /** Due while the controller was away, and never in any plan. */
  readonly unheard: readonly StoredSlot[];
}

/** What the plan has of one series. */
interface SeriesPlan {
  readonly inForce: readonly StoredSlot[];
  readonly changed: readonly StoredSlot[];
  readonly withdrawn: readonly StoredSlot[];
  readonly unheard: readonly StoredSlot[];
  /** Nothing is to be done, and that stays so until something changes but time. */
  readonly settled: boolean;
}

interface KnownPlan extends SeriesPlan {
  readonly parts: readonly ScheduleDrafts[];
  readonly version: number;
  readonly refused: string;
  readonly now: Instant;
}

/**
 * Compares what the schedules ask for with the slots that are signed. A slot of which nothing changed keeps its exact line; one that
 * has begun is left alone unless its schedule was deleted, the occurrence left out or the approval taken back. Series in which nothing
 * changed are not looked at again.
 */
export class PlanDrafter {
  #known = new Map<string, KnownPlan>();

  /** Sessions that are `refused` are withheld. In steps that hold nobody up. */
  async draft(
    { drafts }: SlotFacts,
    refused: ReadonlyMap<string, Refusal>,
    book: SlotBook,
    range: DraftRange,
    turns: Turns,
  ): Promise<DraftPlan> {
    const bySeries = new Map<string, ScheduleDrafts[]>();
    for (const one of drafts) {
      const { seriesId } = one.schedule;
      const parts = bySeries.get(seriesId);
      if (parts === undefined) bySeries.set(seriesId, [one]);
      else parts.push(one);
    }
    // What was deleted, or is not there any more.
    for (const seriesId of book.series()) if (!bySeries.has(seriesId)) bySeries.set(seriesId, []);
    const known = new Map<string, KnownPlan>();
    const plan = { changed: [], withdrawn: [], unheard: [] } as {
      readonly [Part in 'changed' | 'withdrawn' | 'unheard']: StoredSlot[];
    };
    for (const [seriesId, parts] of bySeries) {
      const here = {
        ...{ parts, version: book.versionOf(seriesId), refused: refusedOf(parts, refused), now: range.now },
      };
      const before = this.#known.get(seriesId);
      const found =
        before !== undefined && holds(before, here)
          ? before
          : { ...here, ...(await draftSeries(seriesId, parts, refused, book, range, turns)) };
      known.set(seriesId, found);
      if (!found.settled)
        for (const part of ['changed', 'withdrawn', 'unheard'] as const)
          for (const slot of found[part]) plan[part].push(slot);
      if (turns.due) await turns.turn();
    }
    this.#known = known;
    return { ...plan, inForce: new Map([...known].map(([seriesId, { inForce }]) => [seriesId, inForce])) };
  }
}

function refusedOf(parts: readonly ScheduleDrafts[], refused: ReadonlyMap<string, Refusal>): string {
  if (refused.size === 0) return '';
  const found: string[] = [];
  for (const { sessions } of parts)
    for (const { sessionId } of sessions) if (refused.has(sessionId)) found.push(sessionId);
  return found.join();
}

function holds(before: KnownPlan, here: Pick<KnownPlan, 'parts' | 'version' | 'refused' | 'now'>): boolean {
  return (
    before.settled &&
    before.version === here.version &&
    before.refused === here.refused &&
    // A clock that was set back asks everything again.
    before.now <= here.now &&
    before.parts.length === here.parts.length &&
    before.parts.every((part, i) => part === here.parts[i])
  );
}

async function draftSeries(
  seriesId: string,
  parts: readonly ScheduleDrafts[],
  refused: ReadonlyMap<string, Refusal>,
  book: SlotBook,
  { now, since }: DraftRange,
  turns: Turns,
): Promise<SeriesPlan> {
  const inForce: StoredSlot[] = [];
  const changed: StoredSlot[] = [];
  const withdrawn: StoredSlot[] = [];
  const unheard: StoredSlot[] = [];
  const seen = new Set<string>();
  const withheld = new Map<string, string>();
  let settled = true;
  for (const { slots, withheld: silent, askedAt } of parts) {
    for (const { broadcastId, code } of silent) withheld.set(broadcastId, code);
    for (const draft of slots) {
      if (turns.due) await turns.turn();
      // A later part of a series that was split badly could name one twice: the first holds.
      if (seen.has(draft.broadcastId)) continue;
      const refusal = refused.get(draft.sessionId);
      if (refusal !== undefined) {
        withheld.set(draft.broadcastId, refusal.code);
        continue;
      }
      // For nobody any more: what was planned of it is withdrawn.
      if (scopesOfTargets(draft.targets).length === 0) continue;
      seen.add(draft.broadcastId);
      const stored = book.get(draft.broadcastId);
      const placed = place(draft, Math.max(askedAt, since), stored, now);
      if (placed.as === 'unheard') unheard.push(placed.slot);
      if (placed.as === 'in_force') {
        inForce.push(placed.slot);
        if (placed.slot !== stored) changed.push(placed.slot);
      }
      if (placed.as !== 'in_force' && placed.as !== 'never') settled = false;
    }
  }
  const schedules = new Set(parts.map(({ schedule }) => schedule.id));
  for (const slot of book.ofSeries(seriesId)) {
    if (seen.has(slot.broadcastId) || slot.withdrawnAt !== null || slot.scopes.length === 0) continue;
    const stopped = !schedules.has(slot.scheduleId) || STOPS.includes(withheld.get(slot.broadcastId) ?? '');
    const begun = slot.startsAt <= now;
    if (slot.expiresAt <= now || (begun && !stopped)) inForce.push(slot);
    else withdrawn.push({ ...slot, withdrawnAt: Math.floor(now) });
  }
  settled &&= changed.length + withdrawn.length + unheard.length === 0;
  return { inForce, changed, withdrawn, unheard, settled };
}

/** What is to become of a draft. `unheard`: its time is over, and no loudspeaker ever held it. `never`: nothing, whatever the time. */
type Placed =
  | { readonly as: 'in_force' | 'unheard'; readonly slot: StoredSlot }
  | { readonly as: 'nothing' | 'never' };

const NOTHING: Placed = { as: 'nothing' };
const NEVER: Placed = { as: 'never' };

function place(draft: SlotDraft, askedAt: Instant, stored: StoredSlot | undefined, now: Instant): Placed {
  const { startsAt, latestStartAt } = draft.order;
  if (stored !== undefined) {
    // Its time was over before any plan held it, or a person took back what was issued.
    if (stored.scopes.length === 0 || (stored.issuedAt !== null && stored.withdrawnAt !== null)) return NEVER;
    if (stored.withdrawnAt === null && stored.startsAt <= now) return { as: 'in_force', slot: stored };
  }
  // What is to have begun before anybody asked for it was not asked for then.
  if ((stored === undefined || stored.withdrawnAt !== null) && startsAt < askedAt) return NEVER;
  const signed = signedAs(draft, stored, now);
  if (latestStartAt > now) return { as: 'in_force', slot: signed };
  return stored === undefined ? { as: 'unheard', slot: { ...signed, scopes: [] } } : NOTHING;
}

/** The line that was last written of a draft: what nobody changed is not written again only to be compared. */
const lines = new WeakMap<SlotDraft, string>();

function signedAs(draft: SlotDraft, stored: StoredSlot | undefined, now: Instant): StoredSlot {
  const { broadcastId, scheduleId, announcementId, areaId, seriesId, sessionId, originalAt, position } =
    draft;
  if (stored !== undefined && stored.withdrawnAt === null) {
    if (lines.get(draft) === stored.line) return stored;
    if (wholeLine(draft, stored.revision, stored.publishedAt) === stored.line) {
      lines.set(draft, stored.line);
      return stored;
    }
  }
  const revision = nextRevision(now, stored?.revision ?? 0, 0);
  const publishedAt = Math.floor(now);
  const line = wholeLine(draft, revision, publishedAt);
  lines.set(draft, line);
  const { startsAt, latestStartAt, expiresAt } = draft.order;
  return {
    ...{ broadcastId, scheduleId, announcementId, areaId, seriesId, sessionId, originalAt, position },
    ...{ startsAt, latestStartAt, expiresAt, revision, lineHash: sha256(line), line, publishedAt },
    scopes: scopesOfTargets(draft.targets).map(scopeKey),
    withdrawnAt: null,
    issuedAt: stored?.issuedAt ?? null,
  };
}

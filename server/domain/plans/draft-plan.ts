import type { Instant } from '#kit';
import { nextRevision, scopeKey, sha256 } from '#protocols';
import type { Schedule } from '../schedule/schedule.ts';
import type { StoredSlot } from './plan.ts';
import type { SlotBook } from './slot-book.ts';
import type { SlotDraft, SlotFacts } from './slot-draft.ts';
import { scopesOfTargets, wholeLine } from './slot-line.ts';
import type { Turns } from './turns.ts';

/** Why a slot that has begun is stopped: everything else lets it sound to its end. */
const STOPS: readonly string[] = ['schedule.skipped', 'schedule.not_approved'];

export interface DraftRange {
  readonly now: Instant;
  /** Sessions that begin from here on are looked at: what may still start late, and what was due while we were away. */
  readonly from: Instant;
  /** End of the horizon. */
  readonly until: Instant;
  /** Slots due until then have their broadcasts, if we were there. */
  readonly watermark: Instant;
}

/** What a new look at the schedules makes of the plan. */
export interface DraftPlan {
  /** Every slot in force, to be written into documents. */
  readonly inForce: readonly StoredSlot[];
  /** New and changed ones among them. */
  readonly changed: readonly StoredSlot[];
  /** Taken out, with `withdrawnAt`. */
  readonly withdrawn: readonly StoredSlot[];
  /** Due while the controller was away, and never in any plan. */
  readonly unheard: readonly StoredSlot[];
}

/**
 * Compares what the schedules ask for with the slots that are signed. A slot of which nothing changed keeps its exact line; one that
 * has begun is left alone unless its schedule was deleted, the occurrence left out or the approval taken back. In steps that hold
 * nobody up.
 */
export async function draftPlan(
  facts: SlotFacts,
  book: SlotBook,
  { now, from, until, watermark }: DraftRange,
  turns: Turns,
): Promise<DraftPlan> {
  const inForce: StoredSlot[] = [];
  const changed: StoredSlot[] = [];
  const unheard: StoredSlot[] = [];
  const seen = new Set<string>();
  const withheld = new Map<string, string>();
  for (const schedule of facts.schedules) {
    await turns.take();
    const expanded = facts.expand(schedule, from, until);
    for (const { broadcastId, code } of expanded.withheld) withheld.set(broadcastId, code);
    for (const draft of expanded.slots) {
      // A later part of a series that was split badly could name one twice: the first holds.
      if (seen.has(draft.broadcastId)) continue;
      seen.add(draft.broadcastId);
      const stored = book.get(draft.broadcastId);
      const placed = place(draft, schedule, stored, now, watermark);
      if (placed.as === 'unheard') unheard.push(placed.slot);
      if (placed.as === 'in_force') {
        inForce.push(placed.slot);
        if (placed.slot !== stored) changed.push(placed.slot);
      }
      await turns.take();
    }
  }
  const schedules = new Set(facts.schedules.map(({ id }) => id));
  const withdrawn: StoredSlot[] = [];
  for (const slot of book.all()) {
    await turns.take();
    if (seen.has(slot.broadcastId) || slot.withdrawnAt !== null || slot.scopes.length === 0) continue;
    const stopped = !schedules.has(slot.scheduleId) || STOPS.includes(withheld.get(slot.broadcastId) ?? '');
    const begun = slot.startsAt <= now;
    if (slot.expiresAt <= now || (begun && !stopped)) inForce.push(slot);
    else withdrawn.push({ ...slot, withdrawnAt: Math.floor(now) });
  }
  return { inForce, changed, withdrawn, unheard };
}

/** What is to become of a draft. `unheard`: its time is over, and no loudspeaker ever held it. */
type Placed = { readonly as: 'in_force' | 'unheard'; readonly slot: StoredSlot } | { readonly as: 'nothing' };

const NOTHING: Placed = { as: 'nothing' };

function place(
  draft: SlotDraft,
  schedule: Schedule,
  stored: StoredSlot | undefined,
  now: Instant,
  watermark: Instant,
): Placed {
  const { startsAt, latestStartAt } = draft.order;
  if (stored !== undefined) {
    // Its time was over before any plan held it, or a person took back what was issued.
    if (stored.scopes.length === 0 || (stored.issuedAt !== null && stored.withdrawnAt !== null))
      return NOTHING;
    if (stored.withdrawnAt === null && stored.startsAt <= now) return { as: 'in_force', slot: stored };
  }
  const signed = signedAs(draft, stored, now);
  if (signed.scopes.length === 0) return NOTHING;
  // What a schedule asks for before it was last written was not asked for then.
  if ((stored === undefined || stored.withdrawnAt !== null) && startsAt < schedule.updatedAt) return NOTHING;
  if (latestStartAt > now) return { as: 'in_force', slot: signed };
  return stored === undefined && startsAt > watermark
    ? { as: 'unheard', slot: { ...signed, scopes: [] } }
    : NOTHING;
}

function signedAs(draft: SlotDraft, stored: StoredSlot | undefined, now: Instant): StoredSlot {
  const { broadcastId, scheduleId, announcementId, areaId, seriesId, sessionId, originalAt, position } =
    draft;
  if (stored !== undefined && stored.withdrawnAt === null) {
    if (wholeLine(draft, stored.revision, stored.publishedAt) === stored.line) return stored;
  }
  const revision = nextRevision(now, stored?.revision ?? 0, 0);
  const publishedAt = Math.floor(now);
  const line = wholeLine(draft, revision, publishedAt);
  const { startsAt, latestStartAt, expiresAt } = draft.order;
  return {
    ...{ broadcastId, scheduleId, announcementId, areaId, seriesId, sessionId, originalAt, position },
    ...{ startsAt, latestStartAt, expiresAt, revision, lineHash: sha256(line), line, publishedAt },
    scopes: scopesOfTargets(draft.targets).map(scopeKey),
    withdrawnAt: null,
    issuedAt: stored?.issuedAt ?? null,
  };
}

import { type Clock, type Instant, Lifecycle, type Milliseconds, repeat } from '#kit';
import {
  type Coverage,
  DomainError,
  derivedId,
  isDomainError,
  type MakeGoodProposals,
  type MakeGoodRequest,
  PLAYED_SHARE,
  type PlayRequest,
  scopeKey,
} from '#protocols';
import { type Actor, authorize } from '../accounts/actor.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import { territoryOf } from '../areas/territory.ts';
import { record } from '../audit/record.ts';
import type { Broadcast } from '../broadcasts/broadcast.ts';
import type { BroadcastService } from '../broadcasts/broadcast-service.ts';
import type { SpeakerIndex } from '../broadcasts/resolve-targets.ts';
import type { LiveEvents } from '../events/live-events.ts';
import type { StoredSlot } from '../plans/plan.ts';
import { earliestStart } from '../policies/earliest-start.ts';
import type { Schedule } from '../schedule/schedule.ts';
import { type Refusal, TargetRules } from '../schedule/target-rules.ts';
import type { Storage, Stores, Transaction } from '../unit-of-work.ts';
import { type Aired, airedOf, busyOf, endOf, viewsOf } from './aired.ts';
import { type ClearedAgain, clearedAgain } from './cleared-again.ts';
import { coverage } from './coverage.ts';
import { sessionRoom } from './session-room.ts';

/** A make-good is worth airing for so long after the original, and never after the series' next airing. */
const VALID_MS = 24 * 3_600_000;
/** Time for loudspeakers to fetch the audio again. */
const LEAD_MS = 60_000;
/** A loudspeaker that comes back within this time still plays it. */
const LATENESS_MS = 30 * 60_000;
const LOOK_MS = 60_000;
/** Who acts where no person does. */
const CONTROLLER = 'controller';

export interface MakeGoodServiceOptions {
  readonly storage: Storage;
  readonly areas: AreaDirectory;
  readonly speakers: SpeakerIndex;
  readonly broadcasts: Pick<BroadcastService, 'play'>;
  /** The slots of the plan that begin in [from, to), by start; from memory. */
  readonly planned: (from: Instant, to: Instant) => readonly StoredSlot[];
  readonly events: LiveEvents;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

type Proposal = MakeGoodProposals['proposals'][number];

/** What could be aired again, and by which leaves for the series besides what is approved by itself. */
interface Proposed {
  readonly proposal: Proposal;
  readonly standing: ClearedAgain['standing'];
}

/**
 * Says which hamlets had a broadcast, and airs it again only where it was missed: inside windows, while it is valid, at most once. A
 * loudspeaker that had played it after all refuses by its own journal.
 */
export class MakeGoodService extends Lifecycle {
  readonly #options: MakeGoodServiceOptions;
  readonly #proposed = new Set<string>();

  constructor(options: MakeGoodServiceOptions) {
    super();
    this.#options = options;
  }

  protected async onStart(): Promise<void> {
    const { clock, onError } = this.#options;
    const look = repeat(clock, 'make good: look', LOOK_MS, () => this.look(), onError);
    this.disposers.defer('make good', () => look.cancel());
  }

  /** Coverage of a broadcast per hamlet and loudspeaker. Throws `request.not_found`, `request.forbidden`. */
  async coverage(actor: Actor, broadcastId: string): Promise<Coverage> {
    const { storage, areas } = this.#options;
    const broadcast = await storage.read.broadcasts.get(broadcastId);
    if (broadcast === null)
      throw new DomainError('request.not_found', { what: 'broadcast', id: broadcastId });
    authorize(actor, 'broadcast:read', broadcast.areaId, areas.tree);
    return this.#coverageOf(storage.read, broadcast, await airedOf(storage.read, broadcast));
  }

  /** What could be aired again now in these areas. */
  async proposals(areaIds: ReadonlySet<string>): Promise<MakeGoodProposals> {
    const now = this.#options.clock.now();
    const open = await this.#candidates(now);
    const mine = open.filter(({ areaId }) => areaIds.has(areaId));
    const { read } = this.#options.storage;
    const upcoming = this.#upcoming(now);
    const found = await Promise.all(
      mine.map(async (broadcast) =>
        this.#propose(read, broadcast, await airedOf(read, broadcast), upcoming, now, {}),
      ),
    );
    return { proposals: found.flatMap((one) => (one instanceof DomainError ? [] : [one.proposal])) };
  }

  /**
   * Airs a broadcast again at those that missed it. Throws `request.conflict` (nothing missed, made good already, no longer valid, no
   * window, not approved), `make_good.not_covered` (by the leave that it aired by), `approval.areas_missing`, `policy.too_many_sessions` and `policy.session_too_long` for a start that was asked for, `request.not_found` and what `BroadcastService.play` throws.
   */
  async make(
    tx: Transaction,
    actor: Actor,
    broadcastId: string,
    request: MakeGoodRequest,
  ): Promise<Broadcast> {
    const { clock, broadcasts, areas } = this.#options;
    const broadcast = await tx.broadcasts.get(broadcastId);
    if (broadcast === null)
      throw new DomainError('request.not_found', { what: 'broadcast', id: broadcastId });
    authorize(actor, 'broadcast:play', broadcast.areaId, areas.tree);
    const id = makeGoodId(broadcastId);
    if ((await tx.broadcasts.get(id)) !== null || broadcast.makesGoodOf !== null)
      throw conflict(broadcastId, 'made good already', 'one without a make-good');
    const aired = await airedOf(tx, broadcast);
    const now = clock.now();
    const proposed = await this.#propose(tx, broadcast, aired, this.#upcoming(now), now, request);
    if (proposed instanceof DomainError) throw proposed;
    if (broadcast.announcementId === null) throw notToBeMadeGood(broadcast);
    const { speakerIds, startsAt, validUntil } = proposed.proposal;
    const { broadcast: made } = await broadcasts.play(
      tx,
      actor,
      {
        announcementId: broadcast.announcementId,
        ...manner(aired),
        targets: { speakers: speakerIds },
        startsAt,
        latenessMs: Math.max(0, Math.min(LATENESS_MS, validUntil - startsAt)),
        ...(request.windowOverride === undefined ? {} : { windowOverride: request.windowOverride }),
      },
      { id, makesGoodOf: broadcastId, standing: proposed.standing },
    );
    return made;
  }

  /** Makes good what its schedule says is to be made good by itself, and tells of the rest once. */
  async look(): Promise<void> {
    const { storage, clock, events, onError } = this.#options;
    const now = clock.now();
    const candidates = await this.#candidates(now);
    const upcoming = candidates.length === 0 ? [] : this.#upcoming(now);
    for (const broadcast of candidates) {
      const aired = await airedOf(storage.read, broadcast);
      const proposed = await this.#propose(storage.read, broadcast, aired, upcoming, now, {});
      if (proposed instanceof DomainError) continue;
      const { automatic, areaId, speakerIds, startsAt } = proposed.proposal;
      try {
        if (automatic) await this.#makeByItself(broadcast);
        else if (!this.#proposed.has(broadcast.id)) {
          this.#proposed.add(broadcast.id);
          events.publish('make_good.proposed', {
            ...{ broadcastId: broadcast.id, areaId, startsAt },
            speakers: speakerIds.length,
          });
        }
      } catch (error) {
        // Withdrawn meanwhile, or the database is held: the next look decides anew.
        if (!isDomainError(error)) throw error;
        if (!isDomainError(error, 'storage.busy')) onError(error);
      }
    }
  }

  /** Every slot that may be in the way of a make-good, or end its validity. */
  #upcoming(now: Instant): readonly StoredSlot[] {
    return this.#options.planned(now, now + 2 * VALID_MS);
  }

  /** Incomplete broadcasts that are no make-good themselves and have none yet. */
  async #candidates(now: Instant): Promise<Broadcast[]> {
    const { read } = this.#options.storage;
    const recent = (await read.broadcasts.incomplete(now - VALID_MS, now)).filter(
      ({ makesGoodOf, announcementId, priority, drill }) =>
        makesGoodOf === null && announcementId !== null && priority !== 'emergency' && !drill,
    );
    const made = await read.broadcasts.makeGoodsOf(recent.map(({ id }) => id));
    const done = new Set(made.map(({ makesGoodOf }) => makesGoodOf));
    return recent.filter(({ id }) => !done.has(id));
  }

  /** What could be aired again, or why nothing. Throws what the limits of sessions say to a start that was asked for. */
  async #propose(
    read: Stores,
    broadcast: Broadcast,
    aired: Aired,
    upcoming: readonly StoredSlot[],
    now: Instant,
    request: MakeGoodRequest,
  ): Promise<Proposed | DomainError> {
    const { areas, speakers } = this.#options;
    const nothing = notToBeMadeGood(broadcast);
    const schedule = broadcast.scheduleId === null ? null : await read.schedules.get(broadcast.scheduleId);
    const announcement =
      broadcast.announcementId === null ? null : await read.announcements.get(broadcast.announcementId);
    // A relay cannot be had again.
    if (announcement === null || announcement.stream !== null) return nothing;
    const { speakers: heard } = await this.#coverageOf(read, broadcast, aired);
    const unconfirmed = request.unconfirmed ?? true;
    const missed = heard.filter(
      ({ verdict, share, speakerId }) =>
        share < PLAYED_SHARE &&
        (verdict === 'missed' || verdict === 'partly' || (verdict === 'unconfirmed' && unconfirmed)) &&
        isTarget(speakers, speakerId),
    );
    const waiting = heard.some(({ verdict }) => verdict === 'waiting');
    if (missed.length === 0 || waiting || schedule?.makeGood === 'off') return nothing;
    const again = await clearedAgain(
      read,
      { broadcast, aired, announcement, schedule, speakerIds: missed.map(({ speakerId }) => speakerId) },
      territoryOf(areas.tree, speakers),
      now,
    );
    if (again instanceof DomainError) return again;
    const ids = again.speakerIds;
    const areaIds = new Set(ids.flatMap((id) => speakers.get(id)?.areaId ?? []));
    const next = upcoming.find(({ seriesId }) => seriesId === broadcast.seriesId);
    const nextAt = next?.startsAt ?? Number.POSITIVE_INFINITY;
    const validUntil = Math.min(broadcast.startsAt + VALID_MS, nextAt, again.until);
    const scopes = this.#scopesOf(areaIds, ids);
    const busy = upcoming.filter((slot) => slot.scopes.some((scope) => scopes.has(scope))).map(busyOf);
    const airTimeMs = aired.order === null ? aired.durationMs : endOf(aired.order) - aired.order.startsAt;
    const silent = missed.every(({ verdict, share }) => verdict === 'missed' && share === 0);
    const without = silent ? broadcast.id : null;
    const refusal = await this.#room(read, ids, airTimeMs, without, now);
    const from = Math.ceil(now + LEAD_MS);
    const allowed = (at: Instant) => refusal(at) === null;
    const startsAt =
      request.startsAt ??
      earliestStart(areaIds, areas.tree, busy, { from, until: validUntil, airTimeMs, allowed });
    if (startsAt === undefined || startsAt > validUntil) return nothing;
    // Leave of the chairman binds to no limit.
    const over = request.windowOverride === undefined ? refusal(startsAt) : null;
    if (over !== null) throw new DomainError(over.code, over.params);
    const proposal = {
      broadcastId: broadcast.id,
      title: broadcast.title,
      areaId: broadcast.areaId,
      airedAt: broadcast.startsAt,
      speakerIds: [...ids],
      startsAt,
      validUntil,
      automatic: schedule?.makeGood === 'auto' || wasToBeRescheduled(aired, schedule),
    };
    return { proposal, standing: again.standing };
  }

  /** What the limits of sessions say to one more airing at these loudspeakers. */
  #room(
    read: Stores,
    speakerIds: readonly string[],
    airTimeMs: Milliseconds,
    without: string | null,
    now: Instant,
  ): Promise<(startsAt: Instant) => Refusal | null> {
    const { areas, speakers, planned } = this.#options;
    const areaOfSpeaker = (id: string) => speakers.get(id)?.areaId;
    const rules = new TargetRules({ tree: areas.tree, areaOfSpeaker });
    const targets = { areas: [], speakers: [...speakerIds], excludeAreas: [], excludeSpeakers: [] };
    return sessionRoom(targets, airTimeMs, {
      ...{ read, rules, planned, now, without },
    });
  }

  async #coverageOf(read: Stores, broadcast: Broadcast, aired: Aired): Promise<Coverage> {
    const { areas, speakers, clock } = this.#options;
    const { broadcasts } = read;
    const snapshot = await broadcasts.snapshot(broadcast.id);
    const [makeGood] = await broadcasts.makeGoodsOf([broadcast.id]);
    const speakerIds = snapshot?.speakerIds ?? [];
    const places = await read.speakers.placesAt(speakerIds, broadcast.createdAt);
    return coverage({
      broadcast,
      durationMs: aired.durationMs,
      speakerIds,
      views: aired.views,
      areaOf: (speakerId) => places.get(speakerId) ?? speakers.get(speakerId)?.areaId,
      tree: areas.tree,
      makeGood:
        makeGood === undefined ? null : { broadcast: makeGood, views: await viewsOf(read, makeGood.id) },
      now: clock.now(),
    });
  }

  /** Keys of every scope whose slots these loudspeakers may have to play. */
  #scopesOf(areaIds: ReadonlySet<string>, speakerIds: readonly string[]): Set<string> {
    const { tree } = this.#options.areas;
    const above = [...areaIds].flatMap((id) => tree.ancestry(id));
    return new Set([
      ...above.map((id) => scopeKey({ kind: 'area', id })),
      ...speakerIds.map((id) => scopeKey({ kind: 'speaker', id })),
    ]);
  }

  /** Because its schedule says so; nobody's act, and where the original was for. */
  async #makeByItself(broadcast: Broadcast): Promise<void> {
    const { storage, speakers, clock } = this.#options;
    const meant = (await storage.read.broadcasts.snapshot(broadcast.id))?.speakerIds ?? [];
    const places = meant.flatMap((id) => speakers.get(id)?.areaId ?? []);
    const areas = [...new Set([broadcast.areaId, ...broadcast.targets.areas, ...places])];
    const actor: Actor = { kind: 'machine', name: CONTROLLER, grants: [{ role: 'editor', areas }] };
    await storage.transaction(async (tx) => {
      const made = await this.make(tx, actor, broadcast.id, {});
      const { scheduleId, createdBy: onBehalfOf } = broadcast;
      const detail = { makesGoodOf: broadcast.id, scheduleId, onBehalfOf };
      const { areaId } = made;
      await record(tx, clock.now(), actor, 'broadcast.make_good', made.id, detail, { areaId });
    });
  }
}

/** How the original was to sound: gain, repetitions, what came before it. */
function manner({ order }: Aired): Pick<PlayRequest, 'gainDb' | 'repeat' | 'prelude'> {
  if (order === null) return {};
  const { volume, repeat, prelude } = order;
  return { gainDb: volume.gainDb, repeat, prelude: prelude.map(({ name }) => name) };
}

/** There is at most one: its id follows from the original's. */
export function makeGoodId(broadcastId: string): string {
  return derivedId('brc', 'make-good', broadcastId);
}

/** It gave way to an emergency, and its setting says that it is then aired again. */
function wasToBeRescheduled({ order, views }: Aired, schedule: Schedule | null): boolean {
  if ((schedule ?? order)?.afterInterruption !== 'reschedule') return false;
  return [...views.values()].some(({ plays }) => plays.some(({ code }) => code === 'order.preempted'));
}

function isTarget(speakers: SpeakerIndex, speakerId: string): boolean {
  const lifecycle = speakers.get(speakerId)?.lifecycle;
  return lifecycle === 'active' || lifecycle === 'enrolled';
}

function notToBeMadeGood({ id }: Broadcast): DomainError {
  return conflict(
    id,
    'not to be made good',
    'one that loudspeakers missed, that is still valid and fits into a window',
  );
}

function conflict(id: string, state: string, expected: string): DomainError {
  return new DomainError('request.conflict', { what: 'broadcast', id, state, expected });
}

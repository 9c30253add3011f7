import { type Clock, type Instant, Lifecycle, repeat } from '#kit';
import {
  type Coverage,
  type DeliveryView,
  DomainError,
  derivedId,
  isDomainError,
  type MakeGoodProposals,
  type MakeGoodRequest,
  PLAYED_SHARE,
  playOrderCodec,
} from '#protocols';
import { type Actor, authorize } from '../accounts/actor.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import type { Broadcast } from '../broadcasts/broadcast.ts';
import type { BroadcastService } from '../broadcasts/broadcast-service.ts';
import type { SpeakerIndex } from '../broadcasts/resolve-targets.ts';
import type { LiveEvents } from '../events/live-events.ts';
import { type Busy, earliestStart } from '../policies/earliest-start.ts';
import type { Schedule } from '../schedule/schedule.ts';
import type { Storage, Stores, Transaction } from '../unit-of-work.ts';
import { coverage } from './coverage.ts';

/** A make-good is worth airing for so long after the original, and never after the series' next airing. */
const VALID_MS = 24 * 3_600_000;
/** Time for loudspeakers to fetch the audio again. */
const LEAD_MS = 60_000;
/** A loudspeaker that comes back within this time still plays it. */
const LATENESS_MS = 30 * 60_000;
const LOOK_MS = 60_000;

export interface MakeGoodServiceOptions {
  readonly storage: Storage;
  readonly areas: AreaDirectory;
  readonly speakers: SpeakerIndex;
  readonly broadcasts: Pick<BroadcastService, 'play'>;
  readonly events: LiveEvents;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}

type Proposal = MakeGoodProposals['proposals'][number];

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
    return this.#coverageOf(storage.read, broadcast);
  }

  /** What could be aired again now in these areas. */
  async proposals(areaIds: ReadonlySet<string>): Promise<MakeGoodProposals> {
    const now = this.#options.clock.now();
    const open = await this.#candidates(now);
    const mine = open.filter(({ areaId }) => areaIds.has(areaId));
    const proposals = await Promise.all(
      mine.map((broadcast) => this.#propose(this.#options.storage.read, broadcast, now, {})),
    );
    return { proposals: proposals.filter((one) => one !== undefined) };
  }

  /**
   * Airs a broadcast again at those that missed it. Throws `request.conflict` (nothing missed, made good already, no longer valid, no
   * window), `request.not_found` and what `BroadcastService.play` throws.
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
    const proposal = await this.#propose(tx, broadcast, clock.now(), request);
    if (proposal === undefined || broadcast.announcementId === null)
      throw conflict(
        broadcastId,
        'not to be made good',
        'one that loudspeakers missed, that is still valid and fits into a window',
      );
    const { speakerIds, startsAt, validUntil } = proposal;
    return broadcasts.play(
      tx,
      actor,
      {
        announcementId: broadcast.announcementId,
        targets: { speakers: speakerIds },
        startsAt,
        latenessMs: Math.max(0, Math.min(LATENESS_MS, validUntil - startsAt)),
        ...(request.windowOverride === undefined ? {} : { windowOverride: request.windowOverride }),
      },
      { id, makesGoodOf: broadcastId },
    );
  }

  /** Makes good what its schedule says is to be made good by itself, and tells of the rest once. */
  async look(): Promise<void> {
    const { storage, clock, events, onError } = this.#options;
    const now = clock.now();
    for (const broadcast of await this.#candidates(now)) {
      const proposal = await this.#propose(storage.read, broadcast, now, {});
      if (proposal === undefined) continue;
      const { automatic, areaId, speakerIds, startsAt } = proposal;
      try {
        if (automatic)
          await storage.transaction((tx) => this.make(tx, this.#onBehalfOf(broadcast), broadcast.id, {}));
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

  async #propose(
    read: Stores,
    broadcast: Broadcast,
    now: Instant,
    request: MakeGoodRequest,
  ): Promise<Proposal | undefined> {
    const { areas, speakers } = this.#options;
    const schedule = broadcast.scheduleId === null ? null : await read.schedules.get(broadcast.scheduleId);
    const announcement =
      broadcast.announcementId === null ? null : await read.announcements.get(broadcast.announcementId);
    // A relay cannot be had again.
    if (announcement === null || announcement.state !== 'approved' || announcement.stream !== null)
      return undefined;
    const { speakers: heard } = await this.#coverageOf(read, broadcast);
    const unconfirmed = request.unconfirmed ?? true;
    const missed = heard.filter(
      ({ verdict, share, speakerId }) =>
        share < PLAYED_SHARE &&
        (verdict === 'missed' || verdict === 'partly' || (verdict === 'unconfirmed' && unconfirmed)) &&
        isTarget(speakers, speakerId),
    );
    const waiting = heard.some(({ verdict }) => verdict === 'waiting');
    if (missed.length === 0 || waiting || schedule?.makeGood === 'off') return undefined;
    const durationMs = await durationOf(read, broadcast);
    const upcoming = (await read.plans.slots(now, broadcast.startsAt + 2 * VALID_MS)).filter(
      ({ withdrawnAt }) => withdrawnAt === null,
    );
    const next = upcoming.find(({ seriesId }) => seriesId === broadcast.seriesId && seriesId !== null);
    const validUntil = Math.min(broadcast.startsAt + VALID_MS, next?.startsAt ?? Number.POSITIVE_INFINITY);
    const areaIds = new Set(missed.flatMap(({ speakerId }) => speakers.get(speakerId)?.areaId ?? []));
    const busy: Busy[] = upcoming.map(({ startsAt, line }) => ({ startsAt, endsAt: endOfLine(line) }));
    const from = Math.ceil(now + LEAD_MS);
    const startsAt =
      request.startsAt ??
      earliestStart(areaIds, areas.tree, busy, { from, until: validUntil, airTimeMs: durationMs });
    if (startsAt === undefined || startsAt > validUntil) return undefined;
    return {
      broadcastId: broadcast.id,
      title: broadcast.title,
      areaId: broadcast.areaId,
      airedAt: broadcast.startsAt,
      speakerIds: missed.map(({ speakerId }) => speakerId),
      startsAt,
      validUntil,
      automatic: schedule?.makeGood === 'auto' || (await wasToBeRescheduled(read, broadcast, schedule)),
    };
  }

  async #coverageOf(read: Stores, broadcast: Broadcast): Promise<Coverage> {
    const { areas, speakers, clock } = this.#options;
    const { broadcasts } = read;
    const snapshot = await broadcasts.snapshot(broadcast.id);
    const [makeGood] = await broadcasts.makeGoodsOf([broadcast.id]);
    return coverage({
      broadcast,
      durationMs: await durationOf(read, broadcast),
      speakerIds: snapshot?.speakerIds ?? [],
      views: await viewsOf(read, broadcast.id),
      areaOf: (speakerId) => speakers.get(speakerId)?.areaId,
      tree: areas.tree,
      makeGood:
        makeGood === undefined ? null : { broadcast: makeGood, views: await viewsOf(read, makeGood.id) },
      now: clock.now(),
    });
  }

  /** Whoever made the broadcast stands for its make-good; what it is aired at was authorized then. */
  #onBehalfOf({ createdBy, areaId, targets }: Broadcast): Actor {
    return {
      name: createdBy,
      role: 'editor',
      areas: [...new Set([areaId, ...targets.areas, ...this.#roots()])],
    };
  }

  #roots(): string[] {
    return this.#options.areas
      .all()
      .filter(({ parentId }) => parentId === null)
      .map(({ id }) => id);
  }
}

/** There is at most one: its id follows from the original's. */
export function makeGoodId(broadcastId: string): string {
  return derivedId('brc', 'make-good', broadcastId);
}

/** It gave way to an emergency, and its setting says that it is then aired again. */
async function wasToBeRescheduled(
  read: Stores,
  broadcast: Broadcast,
  schedule: Schedule | null,
): Promise<boolean> {
  const wanted =
    schedule === null
      ? (await read.broadcasts.orders(broadcast.id)).some(
          ({ kind, document }) => kind === 'play' && afterInterruption(document) === 'reschedule',
        )
      : schedule.afterInterruption === 'reschedule';
  if (!wanted) return false;
  const deliveries = await read.receipts.ofBroadcast(broadcast.id);
  return deliveries.some(({ view }) => view.plays.some(({ code }) => code === 'order.preempted'));
}

async function viewsOf(read: Stores, broadcastId: string): Promise<Map<string, DeliveryView>> {
  const deliveries = await read.receipts.ofBroadcast(broadcastId);
  return new Map(deliveries.map(({ speakerId, view }) => [speakerId, view]));
}

/** Length of its content as it was ordered, ms. */
async function durationOf(read: Stores, broadcast: Broadcast): Promise<number> {
  const { plans, broadcasts, announcements, media } = read;
  const slot = await plans.slot(broadcast.id);
  const [order] = (await broadcasts.orders(broadcast.id)).filter(({ kind }) => kind === 'play');
  const text = slot?.line ?? (order === undefined ? undefined : payloadText(order.document));
  if (text !== undefined) return contentMs(text);
  const sha256 =
    broadcast.announcementId === null
      ? null
      : ((await announcements.get(broadcast.announcementId))?.mediaSha256 ?? null);
  return sha256 === null ? 0 : ((await media.get(sha256))?.durationMs ?? 0);
}

function isTarget(speakers: SpeakerIndex, speakerId: string): boolean {
  const lifecycle = speakers.get(speakerId)?.lifecycle;
  return lifecycle === 'active' || lifecycle === 'enrolled';
}

function payloadText(document: string): string {
  return Buffer.from(document.split('.')[1] ?? '', 'base64url').toString('utf8');
}

function contentMs(order: string): number {
  const { content } = playOrderCodec.parse(order);
  return 'durationMs' in content ? content.durationMs : 0;
}

function afterInterruption(document: string): string {
  return playOrderCodec.parse(payloadText(document)).afterInterruption;
}

function endOfLine(line: string): Instant {
  const order = playOrderCodec.parse(line);
  const { count, intervalMs } = order.repeat;
  return order.startsAt + count * contentMs(line) + (count - 1) * intervalMs;
}

function conflict(id: string, state: string, expected: string): DomainError {
  return new DomainError('request.conflict', { what: 'broadcast', id, state, expected });
}

import type { Clock, Instant } from '#kit';
import { holds, type PlayOrder, type SlotReadiness, type UnreadyReason } from '#protocols';
import type { AreaTree } from '../areas/area.ts';
import { resolvePlanned } from '../broadcasts/plan-targets.ts';
import type { SpeakerIndex } from '../broadcasts/resolve-targets.ts';
import type { SpeakerAreas } from '../deliveries/observer.ts';
import type { Speaker, SpeakerStatus } from '../speakers/speaker.ts';
import { Turns } from '../turns.ts';
import type { Stores } from '../unit-of-work.ts';
import type { HeldDocuments } from './held-documents.ts';
import type { StoredSlot } from './plan.ts';
import { MOST_NAMED, type PlanTold, statusReasons } from './plan-state.ts';
import type { SlotBook } from './slot-book.ts';
import { readLine } from './slot-line.ts';
import { SlotStops } from './slot-stops.ts';

/** Slots of one answer at most. */
const MOST_SLOTS = 50;

export interface SlotReadinessOptions {
  readonly read: Pick<Stores, 'receipts' | 'speakers'>;
  readonly areas: { readonly tree: AreaTree };
  readonly speakers: SpeakerIndex;
  readonly ancestries: SpeakerAreas;
  readonly slots: SlotBook;
  readonly documents: HeldDocuments;
  readonly told: PlanTold;
  readonly failureOf: (broadcastId: string) => SlotReadiness['notIssued'];
  readonly statusOf: (speakerId: string) => SpeakerStatus | undefined;
  readonly clock: Clock;
}

/** Says before air time which loudspeakers would sound, and why the others would not. */
export class SlotReadinessService {
  readonly #options: SlotReadinessOptions;

  constructor(options: SlotReadinessOptions) {
    this.#options = options;
  }

  /**
   * The slots that begin in [from, to) and are for a loudspeaker in one of these areas, by start; at most fifty, and whether there
   * are more.
   */
  async report(
    areaIds: ReadonlySet<string>,
    from: Instant,
    to: Instant,
  ): Promise<{ readonly slots: SlotReadiness[]; readonly truncated: boolean }> {
    const { slots, speakers, read, areas, clock } = this.#options;
    const turns = new Turns(clock);
    const known = new Map<string, Speaker>();
    for (const speaker of await read.speakers.list({ areaIds: [...areaIds] })) known.set(speaker.id, speaker);
    const told = this.#options.told.teller();
    const stops = new SlotStops({ tree: areas.tree, now: clock.now() });
    const report: SlotReadiness[] = [];
    for (const slot of slots.between(from, to)) {
      await turns.take();
      const meant = resolvePlanned(readLine(slot.line).targets, areas.tree, speakers).speakerIds.filter(
        (id) => known.has(id),
      );
      if (meant.length === 0) continue;
      if (report.length >= MOST_SLOTS) return { slots: report, truncated: true };
      report.push(await this.#slot(slot, { meant, known, told, stops, turns }));
    }
    return { slots: report, truncated: false };
  }

  async #slot(slot: StoredSlot, { meant, known, told, stops, turns }: Pass): Promise<SlotReadiness> {
    const { broadcastId, sessionId, scheduleId, startsAt } = slot;
    const order = readLine(slot.line);
    const { content, title } = order;
    const deliveries = await this.#options.read.receipts.ofBroadcast(broadcastId);
    const ready = new Set(
      deliveries
        .filter(({ view }) => view.state === 'ready' || view.plays.length > 0)
        .map(({ speakerId }) => speakerId),
    );
    const unready: SlotReadiness['unready'] = [];
    let holding = 0;
    for (const speakerId of meant) {
      await turns.take();
      const status = this.#options.statusOf(speakerId);
      const lacks: UnreadyReason[] = told(speakerId) ? [] : ['not_told'];
      if (content.kind === 'file' && !ready.has(speakerId)) {
        lacks.push('audio_missing');
        // What is missing of this one may wait for the rest of a day that has no more data.
        if (status?.health?.problems.includes('cache.budget_spent') === true) lacks.push('data_budget');
      }
      if (lacks.length === 0) holding += 1;
      // Without a connection it plays what it holds; what it lacks does not come.
      else if (status?.link !== 'online') lacks.push('offline');
      const reasons = [
        ...lacks,
        ...statusReasons(status),
        ...this.#stops(order, known.get(speakerId), status, stops),
      ];
      if (reasons.length > 0) unready.push({ speakerId, reasons, lastSeenAt: status?.lastSeenAt ?? null });
    }
    return {
      ...{ broadcastId, sessionId, scheduleId, title, startsAt, meant: meant.length, holding },
      notIssued: this.#options.failureOf(broadcastId),
      ready: meant.length - unready.length,
      unready: unready.slice(0, MOST_NAMED),
    };
  }

  #stops(
    order: PlayOrder,
    speaker: Speaker | undefined,
    status: SpeakerStatus | undefined,
    stops: SlotStops,
  ): UnreadyReason[] {
    if (speaker === undefined) return [];
    const { documents, ancestries } = this.#options;
    const { id, areaId, sensitive, mute, maintenance } = speaker;
    const found = stops.of(order, {
      ...{ areaId, sensitive },
      muted: holds(mute, order.startsAt),
      maintenance: holds(maintenance, order.startsAt),
      latches: stops.latchesOf(documents.forSpeaker(id, ancestries.areasOf(id))),
    });
    // One that said nothing yet is given the benefit of the doubt.
    const { capabilities = [] } = status ?? {};
    const lacks = capabilities.length > 0 && order.requires.some((one) => !capabilities.includes(one));
    return lacks ? [...found, 'unsupported'] : found;
  }
}

/** What one report asks of every slot. */
interface Pass {
  readonly meant: readonly string[];
  readonly known: ReadonlyMap<string, Speaker>;
  readonly told: (speakerId: string) => boolean;
  readonly stops: SlotStops;
  readonly turns: Turns;
}

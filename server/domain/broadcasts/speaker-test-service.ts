import type { Clock } from '#kit';
import {
  completePolicy,
  DomainError,
  MAX_TEST_MS,
  newId,
  type SpeakerTest,
  testWindowAt,
  type Window,
} from '#protocols';
import { type Actor, authorize } from '../accounts/actor.ts';
import { clearBuiltIn } from '../announcements/clearance.ts';
import type { AreaDirectory } from '../areas/area-directory.ts';
import { territoryOf } from '../areas/territory.ts';
import { record } from '../audit/record.ts';
import { rulesOf, rulesRange } from '../policies/local-rules.ts';
import { describeWindow, policyOf } from '../policies/policy.ts';
import type { Transaction } from '../unit-of-work.ts';
import { type AirParts, air, orderedBroadcast } from './air.ts';
import type { Broadcast } from './broadcast.ts';
import { END_MARGIN_MS, playOrder } from './plan-broadcast.ts';
import { resolveTargets, type SpeakerIndex } from './resolve-targets.ts';
import { liftedStops, type Stops } from './stops.ts';

const SOUND = 'test-tone';
const DEFAULT_SECONDS = 5;
/** The technician stands there and waits; nothing has to be fetched. */
const LEAD_MS = 1_000;
const LATENESS_MS = 10_000;

export interface SpeakerTestServiceOptions extends AirParts {
  readonly areas: AreaDirectory;
  readonly speakers: SpeakerIndex;
  readonly clock: Clock;
  readonly stops: Stops;
}

/** What a technician may let sound: a built-in tone, quiet, short, in testing hours. Nothing else can be asked for. */
export class SpeakerTestService {
  readonly #options: SpeakerTestServiceOptions;

  constructor(options: SpeakerTestServiceOptions) {
    this.#options = options;
  }

  /**
   * Lets one loudspeaker sound the test tone now. Throws `request.not_found`, `request.forbidden`, `policy.no_tests`, `latch.held`,
   * `broadcast.no_targets` for one that is not in use.
   */
  async test(tx: Transaction, actor: Actor, speakerId: string, wanted: SpeakerTest): Promise<Broadcast> {
    const { areas, speakers, clock, stops } = this.#options;
    const speaker = speakers.get(speakerId);
    if (speaker === undefined) throw new DomainError('request.not_found', { what: 'speaker', id: speakerId });
    const { areaId } = speaker;
    authorize(actor, 'speaker:test', areaId, areas.tree);
    const now = clock.now();
    const durationMs = Math.min((wanted.seconds ?? DEFAULT_SECONDS) * 1000, MAX_TEST_MS);
    const startsAt = Math.ceil(now + LEAD_MS);
    const { window, capDb } = this.#allowed(areaId, startsAt, startsAt + durationMs);
    const only = { areas: [], speakers: [speakerId], excludeAreas: [], excludeSpeakers: [] };
    const targets = resolveTargets(only, areas.tree, speakers);
    liftedStops(stops, actor, {}, 'normal', targets.speakerIds, () => undefined);
    const sound = clearBuiltIn(SOUND, durationMs, only);
    const latestStartAt = Math.max(startsAt, Math.min(startsAt + LATENESS_MS, window.closesAt - durationMs));
    const hardEndAt = Math.min(latestStartAt + durationMs + END_MARGIN_MS, window.closesAt);
    const broadcast = orderedBroadcast({
      ...{ id: newId('brc', now), announcementId: null, areaId, title: 'Phát thử loa', priority: 'normal' },
      ...{ startsAt, latestStartAt, hardEndAt, targets: only, targetCount: targets.speakerIds.length },
      ...{
        drill: false,
        makesGoodOf: null,
        clearance: null,
        createdBy: actor.name,
        createdAt: Math.floor(now),
      },
    });
    const order = playOrder({
      ...{ broadcastId: broadcast.id, title: broadcast.title, priority: 'normal', now },
      content: sound.content,
      times: { startsAt, latestStartAt, hardEndAt, expiresAt: hardEndAt, airTimeMs: durationMs },
      ...{ repeat: { count: 1, intervalMs: 0 }, gainDb: capDb, window, windowOverride: null },
      ...{ prelude: [], overlap: 'queue', afterInterruption: 'drop', drill: false, test: true },
      ...{ releases: [], makesGoodOf: null },
    });
    const airing = { broadcast, order, targets, cleared: sound.targets };
    await air(tx, this.#options, airing, territoryOf(areas.tree, speakers), now);
    const detail = { broadcastId: broadcast.id, sound: SOUND, durationMs, gainDb: capDb };
    await record(tx, now, actor, 'speaker.test', speakerId, detail, { areaId: broadcast.areaId });
    return broadcast;
  }

  #allowed(
    areaId: string,
    startsAt: number,
    endsAt: number,
  ): { readonly window: Window; readonly capDb: number } {
    const { tree } = this.#options.areas;
    const policy = policyOf(tree.policyOf(areaId));
    const { from, until } = rulesRange(startsAt);
    const window = testWindowAt(rulesOf(policy, tree.zoneOf(areaId), from, until, false), startsAt);
    const { testing } = completePolicy(policy);
    if (testing !== null && window !== undefined && endsAt <= window.closesAt)
      return { window, capDb: testing.capDb };
    const hours = testing === null ? 'no time' : describeWindow(testing);
    throw new DomainError('policy.no_tests', { hours, seconds: MAX_TEST_MS / 1000, area: areaId });
  }
}

import fc from 'fast-check';
import type { Hold, LocalRules, PlayOrder } from '#protocols';
import { FAKE_START } from '../../helpers/fake-clock.ts';
import type { LatchChange } from './device-run.ts';
import { lonelyContent, MINUTE } from './lonely.ts';
import { openRules, playOrder } from './orders.ts';

const SECOND = 1_000;
const days = [1, 2, 3, 4, 5, 6, 7];

/** A plan, what holds on the loudspeaker, and the latches that come on the way. */
export interface EvaluatorCase {
  /** The device has been switched on; the first slot is half a minute later at the earliest. */
  readonly from: number;
  readonly slots: readonly PlayOrder[];
  readonly rules: LocalRules;
  readonly mute: Hold | null;
  readonly maintenance: Hold | null;
  readonly latches: readonly LatchChange[];
}

/** All instants are whole seconds. */
const seconds = (min: number, max: number) => fc.integer({ min, max }).map((value) => value * SECOND);

/** The rules of the time around 05:30, or around midnight. */
export function rulesWith(change: Partial<LocalRules['policy']>): LocalRules {
  const open = openRules();
  return { ...open, policy: { ...open.policy, ...change } };
}

const policies = (opens: readonly string[], closes: readonly string[]) =>
  fc.constantFrom<Partial<LocalRules['policy']>[]>(
    {},
    { windows: opens.map((time, index) => ({ days, opens: time, closes: closes[index] ?? '24:00' })) },
    { sessionMinutes: 3 },
    { sessionMinutes: 6, sessionsPerDay: 2, night: { from: '21:00', to: '06:00', capDb: -6 } },
    { sessionsPerDay: 1 },
  );

const places = [
  { from: FAKE_START + 30 * MINUTE, policy: policies(['05:31', '05:41'], ['05:38', '05:55']) },
  { from: FAKE_START + 18.8 * 60 * MINUTE, policy: policies(['23:49', '00:00'], ['24:00', '00:07']) },
] as const;

const file = fc.oneof(seconds(3, 60), seconds(3, 60), seconds(60, 150)).map(lonelyContent);
/** A stream of which nobody knows here that it is silent. */
export function relayed(durationMs: number): PlayOrder['content'] {
  return { kind: 'relay', url: 'http://127.0.0.1:9/vov1', station: 'VOV1', durationMs, fallback: null };
}
const relay = seconds(30, 200).map(relayed);
const chime: PlayOrder['prelude'] = [{ name: 'chime' }];
const tone: PlayOrder['prelude'] = [{ name: 'attention-tone' }];

const slot = fc.record({
  priority: fc.constantFrom(
    'normal' as const,
    'normal' as const,
    'normal' as const,
    'priority' as const,
    'emergency' as const,
  ),
  issuedAt: fc.integer({ min: 0, max: 1 }),
  position: fc.integer({ min: 0, max: 1 }),
  // Many meet, and some come after the gap that ends a session.
  startMs: fc.oneof(
    fc.integer({ min: 1, max: 20 }).map((steps) => steps * 30 * SECOND),
    seconds(30, 900),
    seconds(900, 1_800),
  ),
  content: fc.oneof({ weight: 6, arbitrary: file }, { weight: 1, arbitrary: relay }),
  prelude: fc.constantFrom([], [], chime, tone),
  lateMs: fc.oneof(fc.constant(0), seconds(2, 240), seconds(2, 240)),
  moreMs: seconds(0, 300),
  repeat: fc.record({ count: fc.constantFrom(1, 1, 2, 3), intervalMs: seconds(0, 60) }),
  override: fc.constantFrom(false, false, true),
  overlap: fc.constantFrom('queue' as const, 'duck' as const),
  afterInterruption: fc.constantFrom('resume' as const, 'drop' as const, 'reschedule' as const),
  releases: fc.constantFrom<string[][]>([], [], ['lat-0']),
});

function slotsFrom(from: number): fc.Arbitrary<PlayOrder[]> {
  return fc.array(slot, { minLength: 1, maxLength: 8 }).map((list) =>
    list.map(({ startMs, lateMs, moreMs, position, override, ...rest }, number) => {
      const startsAt = from + startMs;
      const durationMs = 'durationMs' in rest.content ? rest.content.durationMs : 0;
      const hardEndAt = startsAt + lateMs + durationMs + moreMs;
      const needsNone = rest.priority === 'emergency' || override;
      return playOrder(rest.content, {
        ...rest,
        ...{ id: `ord_${number}`, broadcastId: `brc_${number}`, revision: 1, startsAt, hardEndAt },
        ...{ latestStartAt: startsAt + lateMs, expiresAt: hardEndAt },
        session: { id: `ses_${number}`, position },
        window: needsNone ? null : { opensAt: from, closesAt: from + 60 * MINUTE },
        windowOverride: override ? { by: 'a', reason: 'b' } : null,
      });
    }),
  );
}

/** Not held, mostly; else from the start, for ever or up to an instant. */
function holdFrom(from: number, weight: number): fc.Arbitrary<Hold | null> {
  const until = fc.option(seconds(-60, 900).map((ms) => from + ms));
  return fc.option(fc.record({ by: fc.constant('a'), reason: fc.constant(''), until }), { freq: weight });
}

/** None, mostly; else set at some time, and mostly released again. */
function latchesFrom(from: number): fc.Arbitrary<LatchChange[]> {
  const one = fc.record({ atMs: seconds(1, 900), forMs: fc.option(seconds(1, 400)) });
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant<LatchChange[]>([]) },
    {
      weight: 1,
      arbitrary: one.map(({ atMs, forMs }): LatchChange[] => {
        const set = { at: from + atMs, id: 'lat-0', state: 'set' as const };
        return forMs === null
          ? [set]
          : [set, { at: set.at + forMs, id: 'lat-0', state: 'released' as const }];
      }),
    },
  );
}

export const evaluatorCases: fc.Arbitrary<EvaluatorCase> = fc
  .constantFrom(...places)
  .chain(({ from, policy }) =>
    fc.record({
      from: fc.constant(from),
      slots: slotsFrom(from),
      rules: policy.map(rulesWith),
      mute: holdFrom(from, 3),
      maintenance: holdFrom(from, 6),
      latches: latchesFrom(from),
    }),
  );

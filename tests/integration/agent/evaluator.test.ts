import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Holding,
  type LocalRules,
  type PlannedItem,
  type PlayOrder,
  plannedItem,
  simulate,
} from '#protocols';
import { FAKE_START } from '../../helpers/fake-clock.ts';
import { stepBySecond } from '../../unit/evaluate/step-by-second.ts';
import { type CameTo, runDevice } from './device-run.ts';
import { type EvaluatorCase, evaluatorCases, relayed, rulesWith } from './evaluator-cases.ts';
import { lonelyContent, MINUTE } from './lonely.ts';
import { playOrder } from './orders.ts';

/** How far a loudspeaker may be from the ideal: it hands over, fades, and writes down what it did. */
const TOLERANCE_MS = 2_500;
const HOUR_AND_MORE = 75 * MINUTE;

type Told = ReadonlyMap<string, CameTo>;

function planned({ slots, from }: EvaluatorCase): PlannedItem[] {
  return slots.map((one) => plannedItem(one, from + 10 * 24 * 60 * MINUTE));
}

function holdingAt({ rules, mute, maintenance, latches }: EvaluatorCase, now: number): Holding {
  const past = latches.filter(({ at }) => at <= now);
  const set = past.filter(
    ({ id, state }) => state === 'set' && past.findLast((one) => one.id === id)?.state === 'set',
  );
  return { rules, mute, maintenance, latches: set.map(({ id }) => id) };
}

/** What the preview says. It knows of no latch that is still to come: where one is, a run second by second says it. */
function preview(one: EvaluatorCase, items = planned(one)): Told {
  const { from } = one;
  if (one.latches.length === 0) {
    const { items: told } = simulate(items, holdingAt(one, from), { from, to: from + HOUR_AND_MORE });
    return new Map(told.map(({ id, ranges, reason }) => [id, { heard: ranges, why: reason?.code ?? null }]));
  }
  const steps = stepBySecond(items, (now) => holdingAt(one, now), from, from + HOUR_AND_MORE);
  return new Map(
    [...steps].map(([id, { ranges, why }]) => [
      id,
      { heard: ranges.map(([startedAt, endedAt, , fromMs]) => ({ startedAt, endedAt, fromMs })), why },
    ]),
  );
}

/** What a loudspeaker with the same in its plan and its assignment does. */
function device({ rules, mute, maintenance, slots, latches, from }: EvaluatorCase): Promise<Told> {
  const assignment = { rules, mute, maintenance };
  return runDevice({ slots, assignment, latches, from, to: from + HOUR_AND_MORE });
}

/** A little more or less of everything, and how far that moves what is said: more, and the device may say either. */
const MOMENT_MS = 1_000;
const MOVED_MS = 12_000;

/** Where another word would be said if everything took a moment more or less, the device may say either. */
function hangsOnMoments(one: EvaluatorCase): boolean {
  const told = preview(one);
  const changed = (change: (item: PlannedItem) => Partial<PlannedItem>) => {
    const items = planned(one).map((item) => ({ ...item, ...change(item) }));
    const other = preview(one, items);
    return [...told].some(([id, came]) => !near(came, other.get(id), MOVED_MS));
  };
  return [MOMENT_MS, -MOMENT_MS].some(
    (ms) =>
      changed(({ durationMs }) => ({ durationMs: durationMs + ms })) ||
      changed(({ priority, startsAt }) => (priority === 'emergency' ? { startsAt: startsAt + ms } : {})) ||
      changed(({ latestStartAt, hardEndAt, expiresAt }) => ({
        ...{ latestStartAt: latestStartAt + ms, hardEndAt: hardEndAt + ms, expiresAt: expiresAt + ms },
      })),
  );
}

function near(a: CameTo | undefined, b: CameTo | undefined, withinMs = TOLERANCE_MS): boolean {
  if (a === undefined || b === undefined || a.why !== b.why || a.heard.length !== b.heard.length)
    return false;
  return a.heard.every((one, index) =>
    (['startedAt', 'endedAt', 'fromMs'] as const).every(
      (key) => Math.abs(one[key] - (b.heard[index]?.[key] ?? Number.NaN)) <= withinMs * (index + 1),
    ),
  );
}

/** What is told otherwise by the two, in words. */
function differences({ from }: EvaluatorCase, expected: Told, found: Told): string[] {
  const words = (told: CameTo | undefined) =>
    `${told?.heard.map(({ startedAt, endedAt, fromMs }) => `${startedAt - from}–${endedAt - from} from ${fromMs}`)} (${told?.why})`;
  return [...expected]
    .filter(([id, told]) => !near(told, found.get(id)))
    .map(([id, told]) => `${id}: ${words(told)} in the preview, ${words(found.get(id))} on the loudspeaker`);
}

it('the loudspeaker does what the preview says, and says the same of why not', {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(evaluatorCases, async (one) => {
      fc.pre(!hangsOnMoments(one));
      expect(differences(one, preview(one), await device(one))).toEqual([]);
    }),
    { numRuns: 20, endOnFailure: true },
  );
});

describe('what a plan fills to the second', () => {
  const from = FAKE_START + 30 * MINUTE;
  const one = (
    name: string,
    startsAt: number,
    content: PlayOrder['content'],
    change: Partial<PlayOrder> = {},
  ) => {
    const hardEndAt = startsAt + 10 * MINUTE;
    const times = { startsAt, latestStartAt: startsAt, hardEndAt, expiresAt: hardEndAt };
    const names = { id: `ord_${name}`, broadcastId: `brc_${name}`, revision: 1, issuedAt: 1 };
    return playOrder(content, { ...names, ...times, ...change });
  };
  const minute = (number: number) => from + number * MINUTE;
  const told = async (slots: readonly PlayOrder[], rules: LocalRules = rulesWith({})) => {
    const plan: EvaluatorCase = { from, slots, rules, mute: null, maintenance: null, latches: [] };
    const [expected, found] = [preview(plan), await device(plan)];
    expect(differences(plan, expected, found)).toEqual([]);
    return [...found.values()].map(({ why }) => why);
  };

  it('sounds one right after the other without any lateness', async () => {
    const slots = [1, 2, 3].map((number) => one(`${number}`, minute(number), lonelyContent(MINUTE)));
    expect(await told(slots)).toEqual([null, null, null]);
  });

  it('sounds to the last item of a session that is as long as it may be', async () => {
    const slots = [1, 2, 3].map((number) =>
      one(`${number}`, minute(number), lonelyContent(MINUTE), { latestStartAt: minute(number) + 30_000 }),
    );
    expect(await told(slots, rulesWith({ sessionMinutes: 3 }))).toEqual([null, null, null]);
  });

  it('sounds whole up to the end of a window, and of a stream whatever is left of its slot', async () => {
    const slots = [
      one('early', minute(1) - 20_000, relayed(MINUTE), { latestStartAt: minute(2) }),
      one('file', minute(1) + 40_000, lonelyContent(20_000)),
      one('relay', minute(2), relayed(2 * MINUTE), { latestStartAt: minute(3) }),
      one('late', minute(2) + 20_000, relayed(MINUTE), {
        latestStartAt: minute(3),
        overlap: 'duck',
        priority: 'priority',
      }),
      one('queued', minute(2) + 30_000, relayed(MINUTE), { latestStartAt: minute(4) }),
    ];
    const days = [1, 2, 3, 4, 5, 6, 7];
    const windows = [
      { days, opens: '05:31', closes: '05:32' },
      { days, opens: '05:32', closes: '05:34' },
    ];
    expect(await told(slots, rulesWith({ windows }))).toEqual([null, null, null, null, 'order.queued']);
  });
});

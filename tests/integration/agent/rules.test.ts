import { expect, it } from 'vitest';
import type { LocalRules, PlayOrder } from '#protocols';
import { FAKE_START } from '../../helpers/fake-clock.ts';
import { Lonely, lonelyAudio, lonelyContent, MINUTE } from './lonely.ts';
import { openRules, playOrder } from './test-controller.ts';

/** `FAKE_START` is Monday, 05:00 in Vietnam. */
const HOUR = 60 * MINUTE;
const TEN_O_CLOCK = FAKE_START + 5 * HOUR;

/** Broadcasts from 05:00 to 06:00, tests by the defaults. */
function rules(change: Partial<LocalRules> = {}): LocalRules {
  const all = openRules();
  const window = { days: [1, 2, 3, 4, 5, 6, 7], opens: '05:00', closes: '06:00' };
  return { ...all, policy: { ...all.policy, windows: [window] }, ...change };
}

async function village(held: LocalRules, now = TEN_O_CLOCK, slots: PlayOrder[] = []): Promise<Lonely> {
  const lonely = await Lonely.open(slots, lonelyAudio, { start: now, assignment: { rules: held } });
  lonely.trust(now);
  await lonely.pass(100);
  return lonely;
}

let revision = 1;
function order(startsAt: number, change: Partial<PlayOrder> = {}): PlayOrder {
  revision += 1;
  return playOrder(lonelyContent(), { startsAt, issuedAt: 1, revision, ...change });
}

it('an order outside the rules held here is refused, though its own window says otherwise', async () => {
  const lonely = await village(rules());
  const outside = order(TEN_O_CLOCK + MINUTE);
  await lonely.order(outside);
  const long = order(TEN_O_CLOCK, { test: true, window: null, content: lonelyContent(10_001) });
  await lonely.order(long);
  const evening = order(FAKE_START + 15 * HOUR, { test: true, window: null });
  await lonely.order(evening);
  const fine = order(TEN_O_CLOCK + 200, { test: true, window: null });
  await lonely.order(fine);
  await lonely.pass(2 * MINUTE, 1_000);
  expect(lonely.kinds(outside)).toEqual(['refused order.outside_window']);
  expect(lonely.kinds(long)).toEqual(['refused policy.no_tests']);
  expect(lonely.kinds(evening)).toEqual(['refused policy.no_tests']);
  expect(lonely.kinds(fine)).toEqual(['ready', 'started', 'finished']);
});

it('a slot of the plan outside the rules held here does not begin, and what began inside ends with their window', async () => {
  const outside = order(FAKE_START + 2 * HOUR, { latestStartAt: FAKE_START + 2 * HOUR + 5 * MINUTE });
  const over = order(FAKE_START + HOUR - MINUTE / 2, { content: lonelyContent(MINUTE) });
  const lonely = await village(rules(), FAKE_START + HOUR - MINUTE, [outside, over]);
  await lonely.pass(70_000, 500);
  expect(lonely.kinds(over)).toEqual(['ready', 'started', 'interrupted order.outside_window']);
  await lonely.pass(HOUR + 10 * MINUTE, MINUTE);
  expect(lonely.kinds(outside)).toEqual(['ready', 'missed order.outside_window']);
});

it('when the rules have run out nothing planned sounds, and an emergency does', async () => {
  const slot = order(TEN_O_CLOCK + MINUTE, { latestStartAt: TEN_O_CLOCK + 2 * MINUTE });
  const lonely = await village({ ...openRules(), until: TEN_O_CLOCK + MINUTE / 2 }, TEN_O_CLOCK, [slot]);
  const late = order(TEN_O_CLOCK + MINUTE);
  await lonely.order(late);
  await lonely.pass(2.5 * MINUTE, 1_000);
  expect(lonely.kinds(late)).toEqual(['refused policy.expired']);
  expect(lonely.kinds(slot)).toEqual(['ready', 'missed policy.expired']);
  const alarm = order(Math.round(lonely.now), { priority: 'emergency', window: null });
  await lonely.order(alarm);
  await lonely.pass(3_000);
  expect(lonely.kinds(alarm).filter((kind) => kind !== 'ready')).toEqual(['started', 'finished']);
});

import type { Recurrence } from '#protocols';
import type { SeededRandom } from './random.ts';

const HOLIDAYS = ['giao-thua', 'tet-nguyen-dan'];

/** When a schedule of the data set airs: mostly by days of the week, in the usual hours; now and then at an odd one. */
export function recurrence(random: SeededRandom, from: number): Recurrence {
  const kind = random.below(100);
  const times = time(random);
  if (kind < 72) {
    const days = random.chance(0.5) ? [1, 2, 3, 4, 5, 6, 7] : random.some([1, 2, 3, 4, 5, 6, 7], 4);
    return {
      kind: 'weekly',
      days,
      times: random.chance(0.35) ? [...new Set([times, time(random)])] : [times],
    };
  }
  if (kind < 82) {
    const day = new Date(from + random.below(7) * 86_400_000 + 7 * 3_600_000).toISOString().slice(0, 10);
    return { kind: 'once', day, time: times };
  }
  if (kind < 90) return { kind: 'cron', expression: `${random.pick(['0', '15', '30', '45'])} 5,17 * * 1-6` };
  if (kind < 96) {
    const days = [1, 15, 29].map((day) => ({ day, month: null, leap: true }));
    return { kind: 'lunar', days, times: [times] };
  }
  return { kind: 'holiday', holidays: [random.pick(HOLIDAYS)], dayOffset: 0, times: [times] };
}

const USUAL = ['05:30', '05:35', '05:45', '06:00', '06:00', '06:10', '06:20'];
const EVENING = ['17:00', '17:00', '17:10', '17:15', '17:30', '17:30', '17:40', '17:50'];
const ODD = ['03:15', '05:00', '07:00', '11:00', '11:10', '18:15', '20:00'];

function time(random: SeededRandom): string {
  if (random.chance(0.1)) return random.pick(ODD);
  return random.pick(random.chance(0.5) ? USUAL : EVENING);
}

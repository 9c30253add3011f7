import type { Policy, ScheduleRule, Targets } from '#protocols';
import { rulesOf } from '../../../server/domain/policies/local-rules.ts';
import type { PreviewSlot, PreviewSpeaker } from '../../../server/domain/schedule/preview/preview-types.ts';
import { SeededRandom } from './random.ts';
import { recurrence } from './recurrences.ts';

export const ZONE = 'Asia/Ho_Chi_Minh';
const DAY_MS = 86_400_000;
/** Friday before Tết 2026: the week has the new year's eve, mùng một and ordinary days. */
export const FROM = Date.parse('2026-02-13T00:00+07:00');
export const DAYS = 7;
export const TO = FROM + DAYS * DAY_MS;

const COMMUNES = 120;
const HAMLETS = 6;
const PROVINCE = 'prv';
const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];

/** A schedule as this bench has it: what a slot needs, but for its instant. */
export interface BenchSchedule
  extends Pick<
    PreviewSlot,
    'priority' | 'title' | 'targets' | 'overlap' | 'afterInterruption' | 'issuedAt' | 'repeat' | 'override'
  > {
  readonly id: string;
  readonly rule: ScheduleRule;
  readonly latenessMs: number;
  /** What follows one another: lengths, and the silence after each. */
  readonly items: readonly { readonly durationMs: number; readonly gapMs: number }[];
}

export interface DataSet {
  readonly speakers: readonly PreviewSpeaker[];
  readonly schedules: readonly BenchSchedule[];
}

const windows = (...hours: readonly (readonly [string, string])[]) =>
  hours.map(([opens, closes]) => ({ days: EVERY_DAY, opens, closes }));

/** What communes of domain research have: the usual two hours, rural and urban limits of Hà Nội, a later morning, a campaign. */
const POLICIES: readonly Policy[] = [
  { windows: windows(['05:30', '06:30'], ['17:00', '18:00']), sessionMinutes: null, legalBasis: '' },
  { windows: windows(['05:00', '06:30'], ['16:30', '18:30']), sessionMinutes: 45, legalBasis: 'nông thôn' },
  {
    windows: [
      { days: [1, 2, 3, 4, 5], opens: '07:00', closes: '08:00' },
      { days: [1, 2, 3, 4, 5], opens: '16:30', closes: '18:00' },
    ],
    ...{ sessionMinutes: 15, sessionsPerDay: 2, legalBasis: 'đô thị' },
  },
  { windows: windows(['06:00', '07:00'], ['17:00', '18:00']), sessionMinutes: null, legalBasis: '' },
  {
    windows: windows(['05:30', '06:30'], ['11:00', '11:30'], ['17:00', '19:00']),
    ...{ sessionMinutes: 60, sessionsPerDay: 5, legalBasis: 'đợt cao điểm' },
  },
];

/** 3,000 loudspeakers of one province, and its schedules. The same seed gives the same set. */
export function dataSet(options: {
  readonly seed: number;
  readonly speakers: number;
  readonly schedules: number;
}): DataSet {
  const random = new SeededRandom(options);
  const communes = Array.from({ length: COMMUNES }, (_, number) => `com-${number}`);
  const policies = new Map(communes.map((commune) => [commune, random.pick(POLICIES)]));
  const latched = new Set(random.some(communes, 2));
  const speakers = Array.from({ length: options.speakers }, (_, number): PreviewSpeaker => {
    const commune = random.pick(communes);
    const areas = [PROVINCE, commune, `${commune}-ap-${random.below(HAMLETS)}`];
    const policy = policies.get(commune) as Policy;
    return {
      speakerId: `spk-${number}`,
      areas,
      // Its own copy, as it comes from its own assignment.
      rules: rulesOf(policy, ZONE, FROM - DAY_MS, FROM + 400 * DAY_MS, random.chance(0.08)),
      mute: random.chance(0.005)
        ? { by: 'a', reason: 'đám tang', until: FROM + random.below(DAYS * 24) * 3_600_000 }
        : null,
      maintenance: random.chance(0.003) ? { by: 'b', reason: 'sửa', until: null } : null,
      latches: latched.has(commune) ? [`lat-${commune}`] : [],
    };
  });
  const schedules = Array.from({ length: options.schedules }, (_, number) =>
    schedule(number, random, communes),
  );
  return { speakers, schedules };
}

function schedule(number: number, random: SeededRandom, communes: readonly string[]): BenchSchedule {
  const kind = random.below(100);
  const priority = kind < 85 ? 'normal' : kind < 98 ? 'priority' : 'emergency';
  return {
    id: `sch-${number}`,
    ...{ title: `Chương trình ${number}`, priority, issuedAt: FROM - random.below(30) * DAY_MS },
    rule: {
      recurrence: recurrence(random, FROM),
      ...{ fromDay: null, untilDay: null, fromInstant: null, beforeInstant: null, changes: [] },
    },
    targets: targets(random, communes),
    overlap: random.chance(0.3) ? 'duck' : 'queue',
    afterInterruption: random.pick(['resume', 'drop', 'reschedule'] as const),
    latenessMs: random.pick([60, 300, 900]) * 1_000,
    override: random.chance(0.02),
    repeat: random.chance(0.1) ? { count: 2, intervalMs: 120_000 } : { count: 1, intervalMs: 0 },
    items: Array.from({ length: random.chance(0.4) ? 2 + random.below(3) : 1 }, () => ({
      ...{ durationMs: 30_000 + random.below(360) * 1_000, gapMs: random.below(4) * 1_000 },
    })),
  };
}

/** Few for the province, most for communes, some for hamlets, some for single loudspeakers, and some leave a hamlet out. */
function targets(random: SeededRandom, communes: readonly string[]): Targets {
  const nobody: Targets = { areas: [], speakers: [], excludeAreas: [], excludeSpeakers: [] };
  const kind = random.below(1_000);
  const hamlets = () => {
    const commune = random.pick(communes);
    return Array.from({ length: HAMLETS }, (_, number) => `${commune}-ap-${number}`);
  };
  if (kind < 8) return { ...nobody, areas: [PROVINCE], excludeAreas: random.some(communes, 3) };
  if (kind < 700) return { ...nobody, areas: random.some(communes, random.chance(0.1) ? 3 : 1) };
  if (kind < 880) return { ...nobody, areas: random.some(hamlets(), 2) };
  const speakers = Array.from({ length: 1 + random.below(5) }, () => `spk-${random.below(3_000)}`);
  if (kind < 950) return { ...nobody, speakers };
  return {
    ...nobody,
    areas: [random.pick(communes)],
    excludeAreas: random.some(hamlets(), 1),
    excludeSpeakers: speakers,
  };
}

import type { Draw } from './draw.ts';
import type { TorturePlan, Work } from './plan.ts';
import { BLOCK_MS } from './sound-code.ts';

/** A place on the air for everybody comes round this often: the next begins when the one before is surely over. */
const BEAT_MS = 9_000;
/** First beat: there must be time to ask for it. */
const FIRST_BEAT_MS = 8_500;
const LATENESS_MS = 2_500;
/** Blocks (quarters of a second) of an announcement. */
const BLOCKS = [13, 18] as const;
/** How long before its start a broadcast is asked for, and how often; a short while may not suffice for everybody, which is meant. */
const LEAD_MS: readonly (readonly [number, number])[] = [
  [25_000, 8],
  [15_000, 4],
  [7_000, 1],
];
/** A schedule is entered this long before its first slot, so that a plan can be made and fetched. */
const PLAN_AHEAD_MS = [15_000, 40_000] as const;
/** Contents that are used in turn. */
const POOL = 16;
/** Announcements of programmes, short enough for two of them in one beat. */
const PROGRAMME_FROM = 40;
const PROGRAMMES = 3;
const PROGRAMME_BLOCKS = 11;
/** The second instant of a schedule that has two. */
const SECOND_BEAT = 2;
/** From here on the numbers of emergencies. */
const EMERGENCY_FROM = 56;
const EMERGENCIES = 3;
const EMERGENCY_LEAD_MS = 5_000;

type Asked = Work extends infer One ? (One extends Work ? Omit<One, 'number'> : never) : never;

interface WorkOptions {
  readonly durationMs: number;
  readonly agents: number;
  readonly schedules: boolean;
  readonly latches: boolean;
}

/** Announcements and what is done with them, in the order of their instants. */
export function planWork(
  draw: Draw,
  options: WorkOptions,
): Pick<TorturePlan, 'contents' | 'programmes' | 'work'> {
  const { durationMs, agents, schedules, latches } = options;
  const everybody = Array.from({ length: agents }, (_, index) => index);
  /** Referred to by themselves until they have their numbers. */
  const asked: { readonly work: Asked; readonly of?: Asked }[] = [];
  const add = (work: Asked, of?: Asked) => {
    asked.push(of === undefined ? { work } : { work, of });
    return work;
  };
  let used = 0;
  let emergencies = 0;
  const free = new Map<number, number>();
  const programmes: number[][] = [];
  const reserved = new Set<number>();
  for (let beat = 0; ; beat++) {
    const startsAt = FIRST_BEAT_MS + beat * BEAT_MS;
    if (startsAt + BLOCKS[1] * BLOCK_MS > durationMs) break;
    const everyone = groups(draw, everybody);
    for (const speakers of reserved.has(beat) ? [] : everyone) {
      const plannable = schedules && startsAt > PLAN_AHEAD_MS[0] + 2_000;
      let piece: Asked;
      if (plannable && draw.chance(0.5)) {
        const again = startsAt + SECOND_BEAT * BEAT_MS;
        // Everybody's beats are two apart, so that the second instant is nobody else's.
        const twice = everyone.length === 1 && !reserved.has(beat + SECOND_BEAT) && draw.chance(0.3);
        const twiceFits = twice && again + BLOCKS[1] * BLOCK_MS <= durationMs;
        if (twiceFits) reserved.add(beat + SECOND_BEAT);
        let contents = [used % POOL];
        if (draw.chance(0.4)) {
          contents = programmes[draw.whole(0, PROGRAMMES - 1)] ?? makeProgramme(programmes);
        } else used += 1;
        piece = add({
          ...{ kind: 'schedule', contents, speakers, latenessMs: LATENESS_MS },
          at: Math.max(500, startsAt - draw.whole(...PLAN_AHEAD_MS)),
          startsAt: twiceFits ? [startsAt, again] : [startsAt],
        });
      } else
        piece = add({
          ...{ kind: 'play', content: used++ % POOL, speakers, startsAt, latenessMs: LATENESS_MS },
          at: Math.max(300, startsAt - draw.weighted(LEAD_MS)),
        });
      if (draw.chance(0.14)) {
        const kind = piece.kind === 'schedule' ? 'delete' : 'cancel';
        add({ kind, of: 0, at: startsAt + draw.whole(-3_000, 2_500) }, piece);
      }
    }
    if (draw.chance(0.05)) {
      const at = startsAt + draw.whole(-EMERGENCY_LEAD_MS, -1_500);
      const content = EMERGENCY_FROM + (emergencies++ % EMERGENCIES);
      const speakers = draw
        .shuffled(everybody)
        .slice(0, draw.whole(1, agents / 2))
        .sort((a, b) => a - b);
      add({ kind: 'play', content, speakers, at, startsAt: at + EMERGENCY_LEAD_MS, latenessMs: LATENESS_MS });
    }
    hold(draw, startsAt, { durationMs, agents, latches, free }, add);
  }
  const ordered = asked
    .map((one, order) => ({ ...one, order }))
    .sort((a, b) => a.work.at - b.work.at || a.order - b.order);
  const numberOf = new Map(ordered.map(({ work }, number) => [work, number]));
  const work = ordered.map(({ work: piece, of }, number) => ({
    ...piece,
    number,
    ...(of === undefined ? {} : { of: numberOf.get(of) ?? 0 }),
  })) as Work[];
  const contents = [
    ...contentsOf(draw, Math.min(used, POOL), Math.min(emergencies, EMERGENCIES)),
    ...programmes.flat().map((number) => ({ number, blocks: PROGRAMME_BLOCKS, emergency: false })),
  ];
  return { contents, programmes, work };
}

/** The next programme, of two announcements of its own. */
function makeProgramme(programmes: number[][]): number[] {
  const first = PROGRAMME_FROM + programmes.length * 2;
  const programme = [first, first + 1];
  programmes.push(programme);
  return programme;
}

/** Who hears what on one beat: everybody one thing, two halves two things, or only some. */
function groups(draw: Draw, everybody: readonly number[]): number[][] {
  const mixed = draw.shuffled(everybody);
  const sorted = (some: number[]) => some.sort((a, b) => a - b);
  const kind = draw.weighted([
    ['all', 6],
    ['halves', 3],
    ['some', 2],
  ] as const);
  if (kind === 'all' || everybody.length < 2) return [[...everybody]];
  const half = Math.ceil(mixed.length / 2);
  if (kind === 'some') return [sorted(mixed.slice(0, draw.whole(1, mixed.length - 1)))];
  return [sorted(mixed.slice(0, half)), sorted(mixed.slice(half))];
}

/** Now and then one loudspeaker is muted for a while, or everything is stopped. */
function hold(
  draw: Draw,
  beatAt: number,
  options: {
    readonly durationMs: number;
    readonly agents: number;
    readonly latches: boolean;
    readonly free: Map<number, number>;
  },
  add: (work: Asked, of?: Asked) => Asked,
): void {
  const { durationMs, agents, latches, free } = options;
  const at = beatAt + draw.whole(-2_000, 4_000);
  const until = at + draw.whole(3_000, 8_000);
  const speaker = draw.whole(0, agents - 1);
  const everywhere = draw.chance(0.3);
  const what = draw.weighted([
    ['nothing', 88],
    ['mute', 7],
    ['latch', latches ? 3 : 0],
  ] as const);
  if (what === 'nothing' || until > durationMs) return;
  const key = what === 'mute' ? speaker : -1;
  if ((free.get(key) ?? 0) > at) return;
  free.set(key, until + 1_000);
  if (what === 'mute') add({ kind: 'unmute', of: 0, at: until }, add({ kind: 'mute', speaker, at }));
  else
    add(
      { kind: 'release', of: 0, at: until },
      add({ kind: 'latch', speaker: everywhere ? null : speaker, at }),
    );
}

function contentsOf(draw: Draw, normal: number, emergency: number): TorturePlan['contents'] {
  const make = (count: number, from: number, isEmergency: boolean) =>
    Array.from({ length: count }, (_, index) => ({
      ...{ number: from + index, blocks: draw.whole(...BLOCKS), emergency: isEmergency },
    }));
  return [...make(normal, 0, false), ...make(emergency, EMERGENCY_FROM, true)];
}

import type { Draw } from './draw.ts';
import type { Fault, FaultKind } from './plan.ts';

/** No fault at the beginning, so that there is something to break, and none that outlasts the run. */
const FIRST_MS = 4_000;
/** A target is left alone this long after each of its faults. */
const REST_MS = 1_500;

interface Recipe {
  readonly kind: FaultKind;
  readonly weight: number;
  readonly durationMs: readonly [number, number];
  readonly size: readonly [number, number];
  readonly of: 'speaker' | 'controller' | 'disk';
  /** What keeps loudspeakers from sounding for long comes again after so long at the earliest. */
  readonly everyMs?: number;
}

const NO_SIZE = [0, 0] as const;

const RECIPES: readonly Recipe[] = [
  { kind: 'kill-agent', weight: 44, durationMs: [100, 4_000], size: NO_SIZE, of: 'speaker' },
  { kind: 'kill-controller', weight: 13, durationMs: [0, 2_500], size: [0, 1], of: 'controller' },
  { kind: 'cut', weight: 12, durationMs: [0, 6_000], size: NO_SIZE, of: 'speaker' },
  { kind: 'slow', weight: 8, durationMs: [2_000, 10_000], size: [50, 1_500], of: 'speaker' },
  { kind: 'stall', weight: 6, durationMs: [1_000, 6_000], size: NO_SIZE, of: 'speaker' },
  { kind: 'half-open', weight: 4, durationMs: [1_000, 6_000], size: NO_SIZE, of: 'speaker' },
  { kind: 'mess', weight: 10, durationMs: [4_000, 15_000], size: NO_SIZE, of: 'speaker' },
  {
    kind: 'clock',
    weight: 2,
    durationMs: [2_000, 6_000],
    size: [-6 * 3_600_000, 6 * 3_600_000],
    of: 'speaker',
    everyMs: 120_000,
  },
  {
    kind: 'controller-clock',
    weight: 1,
    durationMs: [1_500, 3_000],
    size: [-6 * 3_600_000, 6 * 3_600_000],
    of: 'controller',
    everyMs: 10 * 60_000,
  },
  { kind: 'disk-full', weight: 2, durationMs: [2_000, 6_000], size: NO_SIZE, of: 'disk', everyMs: 120_000 },
  { kind: 'corrupt', weight: 4, durationMs: [0, 0], size: [0, 1_000_000], of: 'speaker' },
  { kind: 'freeze', weight: 5, durationMs: [500, 6_000], size: NO_SIZE, of: 'speaker' },
  { kind: 'lock', weight: 4, durationMs: [500, 6_000], size: NO_SIZE, of: 'controller' },
  { kind: 'deaf', weight: 3, durationMs: [3_000, 20_000], size: NO_SIZE, of: 'controller' },
];

/** Speakers whose data folder lies on a small file system of its own: the first two. */
export function diskSpeakers(agents: number): number[] {
  return Array.from({ length: Math.min(2, agents) }, (_, index) => index);
}

/** The faults of a run, one every `everyMs` on average, in the order of their instants. A target suffers one at a time; different targets suffer together. */
export function planFaults(
  draw: Draw,
  options: { readonly durationMs: number; readonly agents: number; readonly everyMs: number },
): Fault[] {
  const { durationMs, agents, everyMs } = options;
  const faults: Fault[] = [];
  const freeAt = new Map<number | null, number>();
  const againAt = new Map<FaultKind, number>();
  for (let at = FIRST_MS; ; ) {
    at += draw.whole(everyMs / 8, (everyMs * 15) / 8);
    const recipe = draw.weighted(RECIPES.map((one) => [one, one.weight] as const));
    const speaker = targetOf(draw, recipe, agents);
    const fault = {
      ...{ number: faults.length, kind: recipe.kind, speaker, at },
      durationMs: draw.whole(...recipe.durationMs),
      size: draw.whole(...recipe.size),
    };
    if (at >= durationMs) return faults;
    const until = at + fault.durationMs;
    if (until > durationMs || (freeAt.get(speaker) ?? 0) > at) continue;
    if ((againAt.get(recipe.kind) ?? 0) > at) continue;
    againAt.set(recipe.kind, at + (recipe.everyMs ?? 0));
    freeAt.set(speaker, until + REST_MS);
    faults.push(fault);
  }
}

function targetOf(draw: Draw, { of }: Recipe, agents: number): number | null {
  if (of === 'controller') return null;
  return of === 'disk' ? draw.pick(diskSpeakers(agents)) : draw.whole(0, agents - 1);
}

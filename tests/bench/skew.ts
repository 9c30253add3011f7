import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { available } from '../helpers/requirements.ts';
import { simulateDrift } from '../helpers/simulated-output.ts';
import { Commune } from './skew/commune.ts';
import { Crowd } from './skew/crowd.ts';
import { type PairFigures, quietPair } from './skew/quiet-pair.ts';
import { numberOption, percentile, round } from './statistics.ts';

const MAX_DELAY_MS = 300;
/** Time for twenty agents on one machine to fetch the audio through a bad line and to start their decoders. */
const LEAD_MS = 12_000;
const PAIR_ROUNDS = 3;
const CARD_PPM = 100;
const CARD_MINUTES = 30;

/**
 * How far from the planned instant loudspeakers start, heard from outside. Agents with clocks off by ± 5 s and ± 50 ppm,
 * each message 0 to 300 ms under way, several broadcasts; then two agents on a quiet network with a PulseAudio sink
 * each (null without PulseAudio); then sound cards off by ± 100 ppm for half an hour, in fast time.
 */
export async function skew(args: readonly string[]): Promise<object> {
  const agents = numberOption(args, 'agents', 20);
  const rounds = numberOption(args, 'rounds', 5);
  const seed = numberOption(args, 'seed', 1);
  const folder = await mkdtemp(join(tmpdir(), 'loa-skew-'));
  const commune = new Commune({ folder, maxDelayMs: MAX_DELAY_MS, seed });
  try {
    await commune.start();
    const crowd = await crowdFigures(folder, commune, { agents, rounds, seed });
    const pair = available('pulseaudio') ? await quietPair(folder, commune, PAIR_ROUNDS) : null;
    const drift = await driftFigures();
    return {
      bench: 'skew',
      agents,
      rounds,
      ...crowd,
      ...pairFigures(pair),
      ...drift,
    };
  } finally {
    await commune.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function crowdFigures(
  folder: string,
  commune: Commune,
  options: { readonly agents: number; readonly rounds: number; readonly seed: number },
): Promise<object> {
  const crowd = new Crowd({ folder, commune, count: options.agents, seed: options.seed });
  const raw: number[] = [];
  const paced: number[] = [];
  const drifts: number[] = [];
  const clocks: number[] = [];
  const spreads: number[] = [];
  const waits: number[] = [];
  let unheard = 0;
  try {
    await crowd.start();
    say(`${options.agents} agents have asked for the time`);
    for (let i = 0; i < options.rounds; i++) {
      clocks.push(...crowd.clockErrors());
      const { startsAt, heard, lateMs } = await crowd.play(LEAD_MS);
      const errors = heard.flatMap(({ startedAt }) => (startedAt === null ? [] : [startedAt - startsAt]));
      unheard += heard.length - errors.length;
      spreads.push(Math.max(...errors) - Math.min(...errors));
      raw.push(...errors);
      waits.push(lateMs);
      paced.push(...heard.flatMap(({ pacedAt }) => (pacedAt === null ? [] : [pacedAt - startsAt])));
      drifts.push(...heard.flatMap(({ driftMs }) => (driftMs === null ? [] : [driftMs])));
      say(`round ${i + 1}: ${errors.map((error) => error.toFixed(1)).join(' ')} ms`);
    }
  } finally {
    await crowd.stop();
  }
  const start = sizes(raw);
  return {
    p50Ms: rank(start, 0.5),
    p99Ms: rank(start, 0.99),
    maxMs: rank(start, 1),
    unheard,
    spreadMs: rank(sizes(spreads), 0.5),
    pacedP99Ms: rank(sizes(paced), 0.99),
    driftP99Ms: rank(sizes(drifts), 0.99),
    clockP99Ms: rank(sizes(clocks), 0.99),
    observerLateMs: rank(sizes(waits), 1),
  };
}

/** The median round counts: one that another program's burst of work has cut is shown as the worst. */
function pairFigures(pair: PairFigures | null): object {
  if (pair === null) return { quietPairMs: null };
  return {
    quietPairMs: rank(sizes(pair.startMs), 0.5),
    quietPairMaxMs: rank(sizes(pair.startMs), 1),
    quietPairEndMs: rank(sizes(pair.endMs), 0.5),
  };
}

async function driftFigures(): Promise<object> {
  const slow = await simulateDrift({ ppm: -CARD_PPM, minutes: CARD_MINUTES });
  const runs = [slow, await simulateDrift({ ppm: CARD_PPM, minutes: CARD_MINUTES })];
  const worst = (values: readonly number[]) => rank(sizes(values), 1);
  return {
    driftAfter30MinMs: worst(runs.map(({ finalSkewMs }) => finalSkewMs)),
    driftWithin30MinMs: worst(runs.map(({ maxSkewMs }) => maxSkewMs)),
  };
}

function say(line: string): void {
  process.stderr.write(`skew: ${line}\n`);
}

/** Magnitudes, ascending. */
function sizes(values: readonly number[]): number[] {
  return values.map(Math.abs).sort((a, b) => a - b);
}

function rank(ascending: readonly number[], p: number): number {
  return round(percentile(ascending, p), 2);
}

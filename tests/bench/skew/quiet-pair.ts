import { join } from 'node:path';
import { delay, SystemClock } from '#kit';
import { hear } from '#media';
import { align, fromS16, RATE } from '../../helpers/pcm.ts';
import { AgentProcess } from '../../helpers/processes.ts';
import { startPulse } from '../../helpers/pulse.ts';
import type { Commune } from './commune.ts';

const SIDES = ['left', 'right'] as const;
const FRAMES_PER_MS = RATE / 1000;
const PART_FRAMES = 4 * RATE;
/** A burst of time on a quiet network takes some three seconds. */
const SETTLE_MS = 8_000;
const LEAD_MS = 8_000;
/** A recording that an interruption has cut in two is still recognised; silence is not. */
const SAME = 0.5;
const clock = new SystemClock();

export interface PairFigures {
  /** How far apart the two were at the start of the content in each round in which both were heard, ms. */
  readonly startMs: readonly number[];
  /** The same at its end. */
  readonly endMs: readonly number[];
}

/**
 * Two agents as they are installed, on a network without delay, each playing on its own sink of one PulseAudio server.
 * The sinks are the channels of a third one, so that one recording holds both, aligned to the sample.
 */
export async function quietPair(folder: string, commune: Commune, rounds: number): Promise<PairFigures> {
  const reference = fromS16((await hear(commune.prepared)).pcm);
  const server = await startPulse({ sinks: [], pair: true });
  const agents: AgentProcess[] = [];
  try {
    const ids: string[] = [];
    for (const [i, side] of SIDES.entries()) {
      const id = `loa-${side}`;
      const agent = new AgentProcess({
        folder: join(folder, id),
        provisioning: await commune.enter(id, i, join(folder, id), true),
        env: { LOA_AGENT_OUTPUT: 'pulse', LOA_AGENT_OUTPUT_DEVICE: side, PULSE_SERVER: server.address },
      });
      await agent.start();
      agents.push(agent);
      ids.push(id);
    }
    await commune.online(ids);
    await delay(clock, 'bench burst', SETTLE_MS);
    const starts: number[] = [];
    const ends: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const recorder = await server.record('pair', 2);
      await commune.broadcast(ids, LEAD_MS);
      const { samples, right } = await recorder.stop();
      const [one, other] = [placesOf(reference, samples), placesOf(reference, right)];
      starts.push(Math.abs(one.start - other.start) / FRAMES_PER_MS);
      ends.push(Math.abs(one.end - other.end) / FRAMES_PER_MS);
      const shown = [starts, ends].map((values) => values.at(-1)?.toFixed(2)).join(' and ');
      process.stderr.write(`skew: quiet pair, round ${round + 1}: ${shown} ms apart at start and end\n`);
    }
    return { startMs: starts.filter(Number.isFinite), endMs: ends.filter(Number.isFinite) };
  } finally {
    for (const agent of agents) await agent.end();
    await server.stop();
  }
}

/** Frames of the recording at which the first and the last part of the content begin; NaN where it is not found. */
function placesOf(
  reference: Float32Array,
  recording: Float32Array,
): { readonly start: number; readonly end: number } {
  const find = (part: Float32Array) => {
    const { lag, correlation } = align(part, recording);
    return correlation < SAME ? Number.NaN : lag;
  };
  return { start: find(reference.subarray(0, PART_FRAMES)), end: find(reference.subarray(-PART_FRAMES)) };
}

import { rm } from 'node:fs/promises';
import type { Clock } from '#kit';
import type { Assignment, JournalEntry, PlayOrder } from '#protocols';
import type { AgentOptions } from '../../../device-agent/agent.ts';
import { NullOutput, SAMPLE_RATE } from '../../../device-agent/outputs/index.ts';
import { TimedSession } from '../../../device-agent/outputs/timed-session.ts';
import { diskIdle } from '../../helpers/disk-idle.ts';
import { Lonely, lonelyAudio } from './lonely.ts';

/** A latch of the area that comes over the link. */
export interface LatchChange {
  readonly at: number;
  readonly id: string;
  readonly state: 'set' | 'released';
}

/** A stretch in which an item sounded. */
export interface Heard {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly fromMs: number;
}

/** What an item came to. `why`: the code of why it did not sound, or not to its end; null: it sounded whole. */
export interface CameTo {
  readonly heard: readonly Heard[];
  readonly why: string | null;
}

export interface DeviceRun {
  readonly slots: readonly PlayOrder[];
  readonly assignment: Partial<Assignment>;
  /** By time. */
  readonly latches: readonly LatchChange[];
  readonly from: number;
  /** It is over by then at the latest. */
  readonly to: number;
}

/** Plays a plan with a loudspeaker's own program, and reads in its journal what became of every slot. */
export async function runDevice({
  slots,
  assignment,
  latches,
  from,
  to,
}: DeviceRun): Promise<Map<string, CameTo>> {
  const lonely = await Lonely.open(slots, lonelyAudio, { start: from, assignment, agent: quick });
  try {
    lonely.trust(from);
    await diskIdle();
    for (const [index, { at, id, state }] of latches.entries()) {
      await passUntil(lonely, at);
      await lonely.latch(id, index + 1, state);
      await diskIdle();
    }
    await passUntil(lonely, Math.max(...slots.map(({ startsAt }) => startsAt)));
    while (lonely.agent.control.open > 0 && lonely.now < to) await passUntil(lonely, lonely.now + 10_000);
    return new Map(slots.map(({ id }) => [id, cameTo(lonely.told, id)]));
  } finally {
    await lonely.agent.stop();
    await rm(lonely.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Lets time pass from one timer to the next, the disk and the proofs of signatures keeping up with each. */
async function passUntil({ clock: { inner } }: Lonely, instant: number): Promise<void> {
  for (let next = inner.nextTimerInMs(); next !== null; next = inner.nextTimerInMs()) {
    if (inner.now() + next > instant) break;
    await inner.advance(next);
    await diskIdle();
  }
  await inner.advance(Math.max(0, instant - inner.now()));
  await diskIdle();
}

/** An agent that hours pass quickly for. */
function quick(clock: Clock): Partial<AgentOptions> {
  // Nobody is there: it seldom asks.
  const position = { everyMs: 3_600_000, durable: false };
  return { output: new CoarseOutput(clock), random: () => 0.999, position };
}

/** Takes a second of sound at a time. A stop is heard within that second. */
class CoarseOutput extends NullOutput {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    super({ clock });
    this.#clock = clock;
  }

  override async open(): Promise<TimedSession> {
    return new TimedSession({ clock: this.#clock, kind: this.kind, blockFrames: SAMPLE_RATE, leadMs: 200 });
  }
}

function cameTo(told: readonly JournalEntry[], id: string): CameTo {
  const own = told.filter(({ orderId, kind }) => orderId === id && kind !== 'ready');
  const heard = own.flatMap(({ kind, play, at, fromMs = 0 }): Heard[] => {
    const ended = own.find((one) => one.kind !== 'started' && one.play === play);
    return kind === 'started' && ended !== undefined ? [{ startedAt: at, endedAt: ended.at, fromMs }] : [];
  });
  const passed = own.find(({ kind, repetition }) => kind === 'missed' && repetition !== undefined);
  const last = own.at(-1);
  const reason = last?.kind === 'finished' ? passed?.code : (last?.code ?? 'nothing was told');
  return { heard, why: reason ?? null };
}

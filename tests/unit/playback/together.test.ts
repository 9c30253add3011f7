import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SAMPLE_RATE } from '../../../device-agent/outputs/output.ts';
import { TimedSession } from '../../../device-agent/outputs/timed-session.ts';
import { PlaybackEngine } from '../../../device-agent/playback/engine.ts';
import { MemorySource } from '../../../device-agent/playback/memory-source.ts';
import type { Play } from '../../../device-agent/playback/play.ts';
import type { PlayOutcome, PlayRequest } from '../../../device-agent/playback/play-types.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { CountingDecoder } from '../../helpers/simulated-output.ts';

const EPOCH = 1_000_000;
const MAIN = 8_000;

let clock: FakeClock;
let engine: PlaybackEngine;
/** All that one session put out, and when its first frame was due. */
let heard: number[];
let heardFromMs: number;
let sessions: number;

beforeEach(async () => {
  clock = new FakeClock();
  heard = [];
  sessions = 0;
  engine = new PlaybackEngine({
    clock,
    output: {
      ...{ kind: 'file', device: 'memory', evidence: 'reported' },
      probe: async () => ({ ok: true, device: 'memory', detail: '' }),
      open: async () => {
        sessions += 1;
        return new TimedSession({
          ...{ clock, kind: 'file', blockFrames: 960, leadMs: 200 },
          sink: {
            write: async (pcm, dueMs) => {
              if (heard.length === 0) heardFromMs = dueMs;
              const samples = new Int16Array(
                pcm.buffer.slice(pcm.byteOffset, pcm.byteOffset + pcm.byteLength),
              );
              for (const sample of samples) heard.push(sample);
            },
            close: async () => undefined,
          },
        });
      },
    },
    decoder: new CountingDecoder(MAIN),
    toMonotonic: (instant) => instant - EPOCH,
    onListenerError: (_event, error) => {
      throw error;
    },
  });
  await engine.start();
});

afterEach(async () => {
  await engine.stop();
  expect(clock.pendingTimers()).toEqual([]);
});

const now = () => EPOCH + clock.monotonic();
const request = (rest: Partial<PlayRequest> = {}): PlayRequest => ({
  ...{ file: 'any', durationMs: 60_000, startAt: now() },
  ...rest,
});

const tone = (value: number, ms: number) => {
  const samples = new Int16Array((ms * SAMPLE_RATE) / 1000).fill(value);
  return (offsetMs: number) => new MemorySource(samples, offsetMs * 48);
};

async function finish(...plays: Play[]): Promise<PlayOutcome[]> {
  const outcomes: PlayOutcome[] = [];
  for (const [index, play] of plays.entries()) void play.done.then((ended) => (outcomes[index] = ended));
  for (let turn = 0; Object.keys(outcomes).length < plays.length; turn++) {
    if (turn > 1_000) throw new Error(`the plays do not end: ${clock.pendingTimers().join()}`);
    await clock.advance(100);
  }
  return outcomes;
}

/** The samples that were due at a time on the monotonic clock. */
const at = (ms: number) => heard[Math.round((ms - heardFromMs) * 48)];

describe('plays that overlap', () => {
  it('an emergency is heard within 300 ms over what fades out within 100 ms, in the same session', async () => {
    const main = engine.play(request());
    await clock.advance(5_000);
    const askedMs = clock.monotonic();
    const emergency = engine.play(request({ durationMs: 3_000, open: tone(3_000, 3_000) }));
    void main.stop('order.preempted', 100);
    const [interrupted, finished] = await finish(main, emergency);
    expect(interrupted).toMatchObject({ kind: 'interrupted', reason: 'order.preempted', begun: true });
    expect(finished).toMatchObject({ kind: 'finished', framesPlayed: 144_000, skippedMs: 0 });
    expect(sessions).toBe(1);
    // From 300 ms after it was asked for, there is nothing but the emergency, at its full level; never both at full.
    const from = Math.round((askedMs + 330 - heardFromMs) * 48);
    expect(new Set(heard.slice(from, from + 48 * 2_000))).toEqual(new Set([3_000]));
    expect(at(askedMs + 195)).toBe(MAIN);
    expect(at(askedMs + 260)).not.toBe(MAIN);
    const firstOver = heard.findIndex((sample, index) => index > 48 * 1_000 && sample !== MAIN);
    expect(firstOver / 48 + heardFromMs - askedMs).toBeLessThan(260);
  });

  it('one voice goes down by 15 dB under another and comes back, each with its own account', async () => {
    const main = engine.play(request({ durationMs: 8_000 }));
    await clock.advance(2_000);
    const voice = engine.play(request({ durationMs: 3_000, open: tone(20_000, 3_000) }));
    voice.events.on('placed', () => main.lower(15));
    void voice.done.then(() => main.lower(0));
    const outcomes = await finish(main, voice);
    expect(outcomes).toMatchObject([
      { kind: 'finished', framesPlayed: 8 * SAMPLE_RATE, skippedMs: 0 },
      { kind: 'finished', framesPlayed: 3 * SAMPLE_RATE, skippedMs: 0 },
    ]);
    expect(sessions).toBe(1);
    const low = Math.round(MAIN * 10 ** (-15 / 20));
    expect(at(4_000)).toBeCloseTo(20_000 + low, -2);
    expect(at(1_000)).toBe(MAIN);
    expect(at(7_500)).toBe(MAIN);
    // Lowered three of eight seconds.
    const main1 = outcomes[0];
    if (main1?.kind !== 'finished') throw new Error('unreachable');
    expect(main1.meanDb).toBeLessThan(-13.2);
    expect(main1.meanDb).toBeGreaterThan(-15);
  });

  it('two loud voices are limited, not clipped', async () => {
    const plays = [32_000, 30_000].map((value) =>
      engine.play(request({ durationMs: 1_000, open: tone(value, 1_000) })),
    );
    await finish(...plays);
    expect(Math.max(...heard)).toBeLessThanOrEqual(32_767);
    expect(Math.max(...heard)).toBeGreaterThan(32_000);
    expect(Math.min(...heard)).toBe(0);
  });

  it('a voice whose decoder is stuck holds nobody up', async () => {
    const main = engine.play(request({ durationMs: 4_000 }));
    await clock.advance(1_000);
    const { signal, ...stuck } = { signal: new AbortController(), ...tone(5, 100)(0) };
    void stuck;
    const never = engine.play(
      request({
        signal: signal.signal,
        durationMs: 1_000,
        open: () => ({
          silent: false,
          ready: async () => undefined,
          read: () =>
            new Promise<number>((resolve) => signal.signal.addEventListener('abort', () => resolve(0))),
          close: async () => undefined,
        }),
      }),
    );
    const [outcome] = await finish(main);
    expect(outcome).toMatchObject({ kind: 'finished', framesPlayed: 4 * SAMPLE_RATE, skippedMs: 0 });
    signal.abort('enough');
    await finish(never);
  });
});

describe('what comes before the content', () => {
  it('sounds at the instant, the content right after it, and only the content is counted', async () => {
    const play = engine.play(
      request({ startAt: now() + 5_000, durationMs: 2_000, prelude: [tone(1_000, 500), tone(2_000, 250)] }),
    );
    const started: number[] = [];
    play.events.on('started', ({ realAt }) => void started.push(realAt - EPOCH));
    await clock.advance(5_600);
    expect(play.position()).toMatchObject({ positionMs: 0 });
    const [outcome] = await finish(play);
    expect(outcome).toMatchObject({ kind: 'finished', durationMs: 2_000, framesPlayed: 96_000 });
    expect(started[0]).toBeCloseTo(5_000, 0);
    expect([5_250, 5_600, 6_000, 7_700].map(at)).toEqual([1_000, 2_000, MAIN, MAIN]);
    expect(at(7_760)).toBe(0);
  });

  it('stopped in it, something was heard and none of the content', async () => {
    const play = engine.play(request({ prelude: [tone(1_000, 3_000)] }));
    await clock.advance(1_500);
    void play.stop('order.cancelled');
    expect(await finish(play)).toMatchObject([{ kind: 'interrupted', begun: true, position: null }]);
  });
});

describe('the gain of an instant', () => {
  it('is reached in two seconds, and a lower one before it holds', async () => {
    const boundary = now() + 6_000;
    const gainDb = (instant: number) => (instant < boundary ? 0 : -12);
    await finish(engine.play(request({ durationMs: 9_000, gainDb })));
    const level = (ms: number) => 20 * Math.log10((at(ms) ?? 0) / MAIN);
    expect(level(3_500)).toBeCloseTo(0, 1);
    expect(level(5_000)).toBeLessThan(-3);
    expect(level(6_500)).toBeCloseTo(-12, 1);
  });
});

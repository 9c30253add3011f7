import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Timer } from '#kit';
import { DomainError } from '#protocols';
import { NullOutput } from '../../../device-agent/outputs/null-output.ts';
import type { Output } from '../../../device-agent/outputs/output.ts';
import { PlaybackEngine } from '../../../device-agent/playback/engine.ts';
import type { Decoder } from '../../../device-agent/playback/pcm-source.ts';
import type { Play } from '../../../device-agent/playback/play.ts';
import type { PlayOutcome, PlayRequest, PlayStarted } from '../../../device-agent/playback/play-types.ts';
import { SilentDecoder } from '../../../device-agent/playback/silent-decoder.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { CountingDecoder, SimulatedCard } from '../../helpers/simulated-output.ts';

/** Where the fake clock's monotonic zero lies. */
const EPOCH = 1_000_000;

let clock: FakeClock;
let engine: PlaybackEngine;

function build(parts: { output?: Output; decoder?: Decoder } = {}): PlaybackEngine {
  engine = new PlaybackEngine({
    clock,
    output: parts.output ?? new SimulatedCard({ clock, ppm: 0 }),
    decoder: parts.decoder ?? new CountingDecoder(),
    toMonotonic: (instant) => instant - EPOCH,
    onListenerError: (_event, error) => {
      throw error;
    },
  });
  return engine;
}

const request = (rest: Partial<PlayRequest> = {}): PlayRequest => ({
  file: 'any',
  durationMs: 3_000,
  startAt: EPOCH + 10_000,
  ...rest,
});

/** Moves the clock until the play is over. */
async function finish(play: Play): Promise<PlayOutcome> {
  let outcome: PlayOutcome | undefined;
  void play.done.then((ended) => {
    outcome = ended;
  });
  for (let turn = 0; outcome === undefined; turn++) {
    if (turn > 3_000) throw new Error(`the play does not end: ${clock.pendingTimers().join()}`);
    await clock.advance(100);
  }
  return outcome;
}

function starts(play: Play): PlayStarted[] {
  const seen: PlayStarted[] = [];
  play.events.on('started', (event) => void seen.push(event));
  return seen;
}

beforeEach(() => {
  clock = new FakeClock();
});

afterEach(async () => {
  await engine.stop();
  expect(clock.pendingTimers()).toEqual([]);
});

describe('PlaybackEngine', () => {
  it('begins nothing whose end has come while it was made ready', async () => {
    const card = new SimulatedCard({ clock, ppm: 0 });
    await build({ output: card }).start();
    const now = EPOCH + clock.monotonic();
    const play = engine.play(request({ startAt: now, offsetMs: 500, hardEndAt: now + 20 }));
    const started = starts(play);
    expect(await finish(play)).toMatchObject({ kind: 'interrupted', reason: 'hard_end', position: null });
    expect(started).toEqual([]);
  });

  it('starts at the instant, tells its positions and finishes with all of the content', async () => {
    await build().start();
    const play = engine.play(request());
    const started = starts(play);
    const order: string[] = [];
    play.events.on('ready', () => void order.push('ready'));
    play.events.on('started', () => void order.push('started'));
    play.events.on('position', ({ positionMs }) => void order.push(`at ${Math.round(positionMs / 1_000)} s`));
    play.events.on('ended', ({ kind }) => void order.push(kind));
    const outcome = await finish(play);
    expect(outcome).toMatchObject({
      kind: 'finished',
      framesPlayed: 144_000,
      durationMs: 3_000,
      skippedMs: 0,
    });
    expect(outcome).toMatchObject({ peakDb: expect.closeTo(-12.2, 0), meanDb: expect.closeTo(-12.2, 0) });
    expect(started).toHaveLength(1);
    expect(started[0]).toMatchObject({ repetition: 0, plannedAt: EPOCH + 10_000 });
    expect(Math.abs(started[0]?.startErrorMs ?? 99)).toBeLessThan(2);
    expect(order).toEqual(['ready', 'started', 'at 1 s', 'at 2 s', 'finished']);
    expect(engine.active).toBe(0);
  });

  it('holds nothing but one timer while the start is far away', async () => {
    const decoder = new CountingDecoder();
    await build({ decoder }).start();
    const play = engine.play(request({ startAt: EPOCH + 3_600_000 }));
    await clock.advance(1_800_000);
    expect(decoder.opened).toBe(0);
    expect(clock.pendingTimers()).toEqual(['play start']);
    expect(await play.stop('cancelled')).toMatchObject({
      kind: 'interrupted',
      reason: 'cancelled',
      position: null,
    });
  });

  it('starts late when it is not ready in time, and says by how much', async () => {
    await build({ decoder: slowDecoder(5_200) }).start();
    const play = engine.play(request({ latestStartAt: EPOCH + 20_000 }));
    const started = starts(play);
    expect(await finish(play)).toMatchObject({ kind: 'finished', framesPlayed: 144_000, skippedMs: 0 });
    expect(started[0]?.startErrorMs).toBeGreaterThan(1_200);
    expect(started[0]?.startErrorMs).toBeLessThan(1_600);
  });

  it('starts at once when the instant has passed, with the whole content', async () => {
    await build().start();
    const play = engine.play(request({ startAt: EPOCH - 500 }));
    const started = starts(play);
    expect(await finish(play)).toMatchObject({ kind: 'finished', framesPlayed: 144_000, skippedMs: 0 });
    expect(started[0]?.startErrorMs).toBeGreaterThan(500);
    expect(started[0]?.startErrorMs).toBeLessThan(800);
  });

  it('misses when it is not ready before the latest start', async () => {
    await build({ decoder: slowDecoder(9_000) }).start();
    const outcome = await finish(engine.play(request({ latestStartAt: EPOCH + 11_000 })));
    expect(outcome).toEqual({ kind: 'missed', reason: 'not_ready' });
  });

  it('opens nothing when the latest start has passed already', async () => {
    const decoder = new CountingDecoder();
    await build({ decoder }).start();
    const play = engine.play(request({ startAt: EPOCH - 9_000, latestStartAt: EPOCH - 100 }));
    expect(await finish(play)).toEqual({ kind: 'missed', reason: 'too_late' });
    expect(decoder.opened).toBe(0);
  });

  it('stops with a fade and tells how far it came', async () => {
    const decoder = new CountingDecoder();
    await build({ decoder }).start();
    const play = engine.play(request({ durationMs: 60_000, fadeOutMs: 300 }));
    await clock.advance(14_000);
    const told = play.position();
    expect(told?.positionMs).toBeGreaterThan(3_990);
    expect(told?.positionMs).toBeLessThan(4_010);
    void play.stop('stopped');
    const outcome = await finish(play);
    expect(outcome).toMatchObject({ kind: 'interrupted', reason: 'stopped', position: { repetition: 0 } });
    const { position } = outcome as { position: { positionMs: number; uncertaintyMs: number } };
    // 200 ms were under way already; then the fade.
    expect(position.positionMs).toBeGreaterThan(4_300);
    expect(position.positionMs).toBeLessThan(4_600);
    expect(position.uncertaintyMs).toBeGreaterThan(0);
    expect(position.positionMs).toBeCloseTo(decoder.taken / 48, 0);
  });

  it('is stopped by a signal, with its reason', async () => {
    await build().start();
    const controller = new AbortController();
    const play = engine.play(request({ signal: controller.signal }));
    await clock.advance(11_000);
    controller.abort('pre-empted');
    expect(await finish(play)).toMatchObject({ kind: 'interrupted', reason: 'pre-empted' });
  });

  it('makes no sound after the hard end', async () => {
    const decoder = new CountingDecoder();
    await build({ decoder }).start();
    const play = engine.play(request({ durationMs: 60_000, hardEndAt: EPOCH + 12_000 }));
    const outcome = await finish(play);
    expect(outcome).toMatchObject({ kind: 'interrupted', reason: 'hard_end' });
    expect(decoder.taken / 48).toBeLessThanOrEqual(2_020);
    expect(decoder.taken / 48).toBeGreaterThan(1_900);
  });

  it('lets sound whole what ends with the hard end', async () => {
    await build().start();
    const play = engine.play(request({ durationMs: 2_000, hardEndAt: EPOCH + 12_000 }));
    expect(await finish(play)).toMatchObject({ kind: 'finished', framesPlayed: 96_000 });
  });

  it('repeats after the interval', async () => {
    const decoder = new CountingDecoder();
    await build({ decoder }).start();
    const play = engine.play(request({ durationMs: 1_000, repeat: { count: 3, intervalMs: 500 } }));
    const started = starts(play);
    expect(await finish(play)).toMatchObject({ kind: 'finished', framesPlayed: 144_000 });
    expect(started.map(({ plannedAt }) => plannedAt - EPOCH)).toEqual([10_000, 11_500, 13_000]);
    for (const { startErrorMs } of started) expect(Math.abs(startErrorMs)).toBeLessThan(2);
    expect(decoder.opened).toBe(3);
  });

  it('goes on from an offset', async () => {
    const decoder = new CountingDecoder();
    await build({ decoder }).start();
    const play = engine.play(request({ offsetMs: 2_000 }));
    await clock.advance(10_500);
    expect(play.position()?.positionMs).toBeGreaterThan(2_490);
    expect(await finish(play)).toMatchObject({ kind: 'finished', framesPlayed: 48_000 });
  });

  it('fails when the content is shorter than it was said to be', async () => {
    const decoder = new CountingDecoder();
    const short: Decoder = { open: (asked) => decoder.open({ ...asked, durationMs: 1_000 }) };
    await build({ decoder: short }).start();
    const outcome = await finish(engine.play(request()));
    expect(outcome).toMatchObject({ kind: 'failed', code: 'decoder.failed', position: { repetition: 0 } });
  });

  it('reports a device that is not there', async () => {
    const output: Output = {
      ...{ kind: 'alsa', device: 'gone', evidence: 'reported' },
      open: async () => {
        throw new DomainError('output.missing', { output: 'alsa', device: 'gone', reason: 'unplugged' });
      },
      probe: async () => ({ ok: false, device: 'gone', detail: 'unplugged' }),
    };
    await build({ output }).start();
    expect(await finish(engine.play(request()))).toMatchObject({
      kind: 'failed',
      code: 'output.missing',
      position: null,
    });
  });

  it('plays silence on the null output in real time and proves nothing by it', async () => {
    await build({ output: new NullOutput({ clock }), decoder: new SilentDecoder() }).start();
    expect(engine.output.evidence).toBe('none');
    const play = engine.play(request({ durationMs: 60_000 }));
    const started = starts(play);
    const outcome = await finish(play);
    expect(outcome).toMatchObject({ kind: 'finished', framesPlayed: 2_880_000, meanDb: -120 });
    expect(Math.abs(started[0]?.startErrorMs ?? 99)).toBeLessThan(1);
    expect(clock.monotonic()).toBeGreaterThanOrEqual(70_000);
    expect(clock.monotonic()).toBeLessThan(70_200);
  });

  it('stops what is under way when it is stopped itself', async () => {
    await build().start();
    const play = engine.play(request());
    await clock.advance(11_000);
    void engine.stop();
    expect(await finish(play)).toMatchObject({ kind: 'interrupted', reason: 'engine_stopped' });
  });
});

/** Has its first sound only after a while. */
function slowDecoder(readyAfterMs: number): Decoder {
  const decoder = new CountingDecoder();
  return {
    open: (asked) => {
      let timer: Timer | undefined;
      const ready = new Promise<void>((resolve) => {
        timer = clock.setTimer('slow decoder', readyAfterMs, resolve);
      });
      return { ...decoder.open(asked), ready: () => ready, close: async () => timer?.cancel() };
    },
  };
}

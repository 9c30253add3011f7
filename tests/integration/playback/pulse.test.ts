import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { PulseOutput } from '../../../device-agent/outputs/index.ts';
import { align, decodeAudio, RATE, soundSpan } from '../../helpers/pcm.ts';
import { type PulseServer, startPulse } from '../../helpers/pulse.ts';
import { describeWith } from '../../helpers/requirements.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { untorn } from '../../helpers/whole.ts';
import { clock, FIXTURE_MS, makeFixture, next, soon, startEngine } from './playback-fixture.ts';

describeWith(['ffmpeg', 'pulseaudio'], 'playing through PulseAudio', () => {
  let file: string;
  let reference: Float32Array;
  let server: PulseServer;

  beforeAll(async () => {
    file = await makeFixture(tempDir('fixture'));
    reference = await decodeAudio(file);
  });

  beforeEach(async () => {
    server = await startPulse({ sinks: [], pair: true });
  });

  afterEach(() => server.stop());

  it('is heard whole on two sinks, as far apart as the two players say', async () => {
    const hear = async () => {
      const recorder = await server.record('pair', 2);
      const startAt = soon(1_500);
      const runs = await Promise.all(
        ['left', 'right'].map(async (sink) => {
          const engine = await startEngine(new PulseOutput({ clock, sink, server: server.address }));
          const play = engine.play({ file, durationMs: FIXTURE_MS, startAt });
          const { startErrorMs } = await next(play, 'started');
          const outcome = await play.done;
          await engine.stop();
          return { startErrorMs, outcome };
        }),
      );
      const heard = await recorder.stop();
      const sides = [heard.samples, heard.right].map((samples) => {
        const span = soundSpan(samples);
        const lengthMs = ((span?.end ?? 0) - (span?.start ?? 0)) / (RATE / 1000);
        return { ...align(reference, samples), lengthErrorMs: Math.abs(lengthMs - FIXTURE_MS) };
      });
      return { runs, sides };
    };
    const { runs, sides } = await untorn(hear, (heard) => {
      const kept = heard.runs.every(({ outcome }) => outcome.kind === 'finished' && outcome.skippedMs === 0);
      return (
        kept &&
        heard.sides.every(({ correlation, lengthErrorMs }) => correlation > 0.95 && lengthErrorMs < 50)
      );
    });
    for (const { outcome } of runs) expect(outcome).toMatchObject({ kind: 'finished', skippedMs: 0 });
    for (const { correlation, lengthErrorMs } of sides) {
      expect(correlation).toBeGreaterThan(0.95);
      expect(lengthErrorMs).toBeLessThan(50);
    }
    const [left = Number.NaN, right = Number.NaN] = sides.map(({ lag }) => lag);
    const skewMs = (left - right) / (RATE / 1000);
    const toldMs = (runs[0]?.startErrorMs ?? 0) - (runs[1]?.startErrorMs ?? 0);
    expect(Math.abs(skewMs - toldMs)).toBeLessThan(10);
  });

  it('fails when the server dies in mid-play, with a position', async () => {
    const engine = await startEngine(new PulseOutput({ clock, sink: 'left', server: server.address }));
    const play = engine.play({ file, durationMs: FIXTURE_MS, startAt: soon(800) });
    await next(play, 'started');
    await server.stop();
    const outcome = await play.done;
    await engine.stop();
    expect(outcome).toMatchObject({ kind: 'failed', code: 'output.failed' });
  });
});

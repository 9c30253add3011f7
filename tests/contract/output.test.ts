import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SystemClock } from '#kit';
import { isDomainError } from '#protocols';
import { AlsaOutput } from '../../device-agent/outputs/alsa-output.ts';
import { FileOutput } from '../../device-agent/outputs/file-output.ts';
import { NullOutput } from '../../device-agent/outputs/null-output.ts';
import type { Output } from '../../device-agent/outputs/output.ts';
import { PulseOutput } from '../../device-agent/outputs/pulse-output.ts';
import { type PulseServer, startPulse } from '../helpers/pulse.ts';
import { describeWith } from '../helpers/requirements.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const clock = new SystemClock();

/** What every output keeps, whatever it is. */
function outputContract(name: string, make: () => { present: Output; missing?: Output }): void {
  describe(name, () => {
    it('is present to a probe', async () => {
      const { present } = make();
      expect(await present.probe()).toEqual({ ok: true, device: present.device, detail: '' });
    });

    it('takes sound in time, counts it, and drains', async () => {
      const session = await make().present.open();
      const block = new Uint8Array(session.blockFrames * 2);
      const blocks = Math.ceil((48_000 * 0.8) / session.blockFrames);
      let played = 0;
      for (let count = 1; count <= blocks; count++) {
        await session.write(block);
        expect(session.framesPlayed()).toBeGreaterThanOrEqual(played);
        played = session.framesPlayed();
        expect(played).toBeLessThanOrEqual(count * session.blockFrames);
      }
      const total = blocks * session.blockFrames;
      // Taken in real time: what has not sounded yet is not much more than the lead.
      expect(played).toBeGreaterThan(0);
      expect(total - played).toBeLessThan((session.leadMs + 400) * 48);
      const endsMs = session.timeOf(total);
      await session.drain();
      expect(clock.monotonic()).toBeGreaterThan((endsMs ?? 0) - 2 * session.uncertaintyMs);
      expect(session.framesPlayed()).toBeGreaterThan(total - 48 * 2 * session.uncertaintyMs);
      await session.close();
    });

    it('maps frames to instants at the nominal rate', async () => {
      const session = await make().present.open();
      const block = new Uint8Array(session.blockFrames * 2);
      while (session.timeOf(0) === undefined) await session.write(block);
      const firstMs = session.timeOf(0) ?? 0;
      expect((session.timeOf(48_000) ?? 0) - firstMs).toBeCloseTo(1_000, 3);
      await session.close();
      await session.close();
    });

    const missing = make().missing;
    if (missing !== undefined) {
      it('says so when the device is missing', async () => {
        const failure = await missing.open().catch((error: unknown) => error);
        expect(isDomainError(failure, 'output.missing')).toBe(true);
        const probe = await missing.probe();
        expect(probe.ok).toBe(false);
        expect(probe.detail).toContain(missing.device);
      });
    }
  });
}

describe('outputs', () => {
  outputContract('null', () => ({ present: new NullOutput({ clock }) }));
  const folder = join(tempDir('output'), 'recordings');
  outputContract('file', () => ({
    present: new FileOutput({ clock, path: folder }),
    missing: new FileOutput({ clock, path: `unix:${folder}/nobody` }),
  }));

  it('leaves no recording behind by a probe', async () => {
    const path = tempDir('probe');
    mkdirSync(join(path, 'in'));
    await new FileOutput({ clock, path: join(path, 'in') }).probe();
    expect(readdirSync(join(path, 'in'))).toEqual([]);
  });

  it('a player that is not installed is a missing output', async () => {
    const output = new AlsaOutput({ clock, device: 'default', program: '/nonexistent/aplay' });
    const probe = await output.probe();
    expect(probe).toMatchObject({ ok: false });
    expect(probe.detail).toContain('/nonexistent/aplay');
  });
});

describeWith(['pulseaudio'], 'outputs on a private PulseAudio', () => {
  let server: PulseServer;
  const before = process.env['PULSE_SERVER'];

  beforeAll(async () => {
    server = await startPulse({ sinks: ['loa'] });
    // aplay reaches the server through ALSA's own plug-in, which reads the environment only.
    process.env['PULSE_SERVER'] = server.address;
  });

  afterAll(async () => {
    if (before === undefined) delete process.env['PULSE_SERVER'];
    else process.env['PULSE_SERVER'] = before;
    await server?.stop();
  });

  outputContract('pulse', () => ({
    present: new PulseOutput({ clock, sink: 'loa' }),
    missing: new PulseOutput({ clock, sink: 'no-such-sink' }),
  }));

  describeWith(['aplay'], 'by way of its ALSA plug-in', () =>
    outputContract('alsa', () => ({
      present: new AlsaOutput({ clock, device: 'pulse' }),
      missing: new AlsaOutput({ clock, device: 'hw:CARD=NoSuchCard' }),
    })),
  );
});

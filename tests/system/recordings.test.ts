import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BroadcastView } from '#protocols';
import { align, RATE, soundSpan } from '../helpers/pcm.ts';
import { type Heard, type PulseServer, startPulse } from '../helpers/pulse.ts';
import { inRepo } from '../helpers/repo-root.ts';
import { available, itWith } from '../helpers/requirements.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { Commune, type Prepared } from './support/commune.ts';
import { likeness, piecewise, soundingRecordings } from './support/recordings.ts';

const QUIET_DB = -45;

/** Both loudspeakers get the same broadcast, so that they take the time of one. */
let commune: Commune;
let pulse: PulseServer | undefined;
let prepared: Prepared;
let broadcast: BroadcastView;
let recordings: string;
let horn: { stop(): Promise<Heard> } | undefined;

beforeAll(async () => {
  commune = await new Commune({ folder: tempDir('recordings') }).start();
  const names = ['loa-file'];
  const agent = await commune.addAgent('loa-file');
  recordings = agent.recordings;
  if (available('pulseaudio')) {
    pulse = await startPulse({ sinks: ['horn'] });
    const env = {
      LOA_AGENT_OUTPUT: 'pulse',
      LOA_AGENT_OUTPUT_DEVICE: 'horn',
      PULSE_SERVER: pulse.address,
    };
    await commune.addAgent('loa-pulse', { env });
    names.push('loa-pulse');
  }
  prepared = await commune.prepare(inRepo('tests/fixtures/audio/loi-chao.ogg'));
  horn = await pulse?.record('horn');
  broadcast = await commune.play(prepared, names);
}, 90_000);

afterAll(async () => {
  await commune.stop();
  await pulse?.stop();
});

it('the recording of the file output is the announcement', async () => {
  const delivery = await commune.settled(broadcast.id, 'loa-file');
  expect(delivery).toMatchObject({ state: 'finished', played: true, flags: [] });
  const [recording, ...more] = await soundingRecordings(recordings);
  expect(more).toEqual([]);
  if (recording === undefined) throw new Error('nothing was recorded');
  const heard = likeness(prepared.samples, recording);
  expect(heard.correlation).toBeGreaterThanOrEqual(0.95);
  expect(Math.abs(heard.durationErrorMs)).toBeLessThanOrEqual(50);
  // What the loudspeaker says of its start is what the recording shows.
  const startErrorMs = heard.firstSampleAtMs - broadcast.startsAt;
  expect(Math.abs(startErrorMs - (delivery.plays[0]?.startErrorMs ?? Number.NaN))).toBeLessThanOrEqual(25);
  // The measure tells: the same sound backwards is another one.
  const backwards = likeness(prepared.samples.slice().reverse(), recording);
  expect(backwards.correlation).toBeLessThan(0.5);
  expect(backwards.pieces).toBeLessThan(0.9);
});

itWith(['pulseaudio'], 'what a PulseAudio null sink hears is the announcement', async () => {
  const delivery = await commune.settled(broadcast.id, 'loa-pulse');
  expect(delivery).toMatchObject({ state: 'finished', played: true });
  if (horn === undefined) throw new Error('nothing was recorded');
  const { samples } = await horn.stop();
  // A sink that misses a period on a busy machine moves all that follows by some milliseconds.
  expect(piecewise(prepared.samples, samples, 30)).toBeGreaterThanOrEqual(0.95);
  const { lag } = align(prepared.samples, samples);
  // All of it lies inside the recording.
  expect(lag).toBeGreaterThan(0);
  expect(lag + prepared.samples.length).toBeLessThan(samples.length);
  const [heard, meant] = [soundSpan(samples, QUIET_DB), soundSpan(prepared.samples, QUIET_DB)];
  if (heard === undefined || meant === undefined) throw new Error('nothing sounds');
  const differenceMs = ((heard.end - heard.start - (meant.end - meant.start)) * 1000) / RATE;
  expect(Math.abs(differenceMs)).toBeLessThanOrEqual(50);
});

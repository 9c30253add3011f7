import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished } from 'vitest';
import { locateBinaries } from '#media';
import { decodeAudio, RATE, soundSpan } from '../../helpers/pcm.ts';
import { itWith } from '../../helpers/requirements.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';
import { Commune } from '../support/commune.ts';
import { Planning } from '../support/planning.ts';
import { ALIKE, piecewise, type Recording, soundingRecordings } from '../support/recordings.ts';
import { RelayStation } from '../support/relay-station.ts';
import { VillageTime } from '../support/village-time.ts';
import { writeVoice } from '../support/voice.ts';

/** Of a machine that has a lot to do besides. */
const LIMIT_MS = 120_000;
const SPEAKER = 'loa-tiep-song';
const RELAY_MS = 3_000;
const PROGRAMME_SECONDS = 20;

itWith(
  ['faketime', 'ffmpeg'],
  'field case 3: a wall clock set wrongly during a repair moves no relay (Trung Lộc, 2025)',
  async () => {
    const folder = tempDir('relay-set-wrongly');
    const voice = join(folder, 'voice.wav');
    await writeVoice(voice, PROGRAMME_SECONDS, 31);
    const mp3 = join(folder, 'voice.mp3');
    const { ffmpeg } = await locateBinaries();
    await promisify(execFile)(ffmpeg, ['-v', 'error', '-nostdin', '-i', voice, '-b:a', '96k', mp3]);
    const station = new RelayStation({
      programme: await readFile(mp3),
      durationMs: PROGRAMME_SECONDS * 1_000,
    });
    await station.start();
    onTestFinished(() => station.stop());

    // The morning window is about to open, the one of the afternoon opens at five.
    const time = VillageTime.at('05:59:57');
    const [opensAt, wrongAt] = [time.next('06:00:00'), time.next('17:00:00')];
    const env = { ...time.env(), LOA_STREAM_ALLOW: '127.0.0.1' };
    const commune = new Commune({ folder, env, policy: null });
    onTestFinished(() => commune.stop());
    await commune.start();
    const agent = await commune.addAgent(SPEAKER, { env: time.env() });
    const stream = { url: station.url, station: 'VOV1', durationMs: RELAY_MS };
    const relay = await commune.approved({ title: 'Tiếp sóng VOV1', origin: 'relay', stream });
    const planning = new Planning(commune);

    // Somebody works at the horns, and sets the clock: by it, five in the afternoon comes while it is six in the morning.
    const technician = commune.controller.as('technician');
    await technician.patch(`/speakers/${SPEAKER}`, { maintenance: { reason: 'sửa sau bão' } });
    await until('maintenance', async () => (await commune.speaker(SPEAKER)).status?.output === 'maintenance');
    const underRepairAt = Math.max(opensAt, time.soon(4_000));
    const [underRepair] = await Promise.all([
      planning.schedule(relay, underRepairAt, { start: { mode: 'instant', latenessMs: 0 } }),
      planning.schedule(relay, wrongAt),
    ]);
    await agent.end('SIGTERM');
    const wrongByMs = Math.round(wrongAt - time.now - 2_000);
    await agent.start(time.env(wrongByMs));
    const { id: silentId } = await planning.broadcastOf(underRepair);
    expect(await commune.settled(silentId, SPEAKER)).toMatchObject({
      ...{ state: 'missed', code: 'order.maintenance', plays: [] },
    });
    await until('five in the afternoon by the wrong clock', () => time.now + wrongByMs > wrongAt + 500);
    expect(await soundingRecordings(agent.recordings)).toEqual([]);
    expect(station.connections).toBe(0);

    // The repair is over, the clock as wrong as before.
    const repairedAt = time.soon(4_000);
    const repaired = await planning.schedule(relay, repairedAt);
    await technician.patch(`/speakers/${SPEAKER}`, { maintenance: null });
    const { id } = await planning.broadcastOf(repaired);
    expect(await commune.settled(id, SPEAKER)).toMatchObject({ state: 'finished', played: true });
    const [heard, ...more] = (await soundingRecordings(agent.recordings)) as [Recording, ...Recording[]];
    expect(more).toEqual([]);
    // By the clock of the file system, which nobody has set: at its time, not hours away.
    const span = soundSpan(heard.samples) ?? { start: 0, end: 0 };
    const soundedAt = time.of(heard.arrivedAtMs) + (span.start * 1_000) / RATE;
    expect(soundedAt).toBeGreaterThanOrEqual(repairedAt - 100);
    expect(soundedAt).toBeLessThan(repairedAt + 10_000);
    // And it is the station that was heard.
    const programme = await decodeAudio(mp3, ffmpeg);
    const piece = heard.samples.subarray(span.start, span.end);
    expect(piecewise(piece, programme)).toBeGreaterThanOrEqual(ALIKE);
    const entry = (await commune.journal(SPEAKER)).find(
      ({ kind, broadcastId }) => kind === 'finished' && broadcastId === id,
    );
    expect(entry?.relayedMs).toBeGreaterThan(0);
    // What comes at the right five in the afternoon is still to come.
    const calendar = await planning.calendar(Math.floor(time.now), wrongAt + 3_600_000);
    expect(calendar.items.map(({ startsAt }) => startsAt)).toContain(wrongAt);
  },
  LIMIT_MS,
);

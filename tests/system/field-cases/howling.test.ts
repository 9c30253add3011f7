import { expect, it, onTestFinished } from 'vitest';
import type { BroadcastView, ScheduleView } from '#protocols';
import { tempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';
import { Commune } from '../support/commune.ts';
import { Planning } from '../support/planning.ts';
import { ALIKE, likeness, type Recording, soundingRecordings } from '../support/recordings.ts';
import { VillageTime } from '../support/village-time.ts';

/** Of a machine that has a lot to do besides. */
const LIMIT_MS = 120_000;
const HOWLING = 'loa-hu';
const GOOD = 'loa-tot';
const REASON = 'loa hú, chờ sửa';

it(
  'field case 2: a howling cluster is muted from afar, through kills, and the others go on (Hà Nội, 2017)',
  async () => {
    const time = new VillageTime();
    const commune = await new Commune({ folder: tempDir('howling') }).start();
    onTestFinished(() => commune.stop());
    await Promise.all([commune.addHamlet('thon-1', 'Một'), commune.addHamlet('thon-2', 'Hai')]);
    const [howling, good, news] = await Promise.all([
      commune.addAgent(HOWLING, { areaId: 'thon-1' }),
      commune.addAgent(GOOD, { areaId: 'thon-2' }),
      commune.prepare({ seconds: 2, seed: 21 }),
    ]);
    const planning = new Planning(commune);
    const { controller } = commune;
    const technician = controller.as('technician');
    const mute = (until: number) =>
      technician.patch(`/speakers/${HOWLING}`, { mute: { reason: REASON, until } });
    const muted = async () => {
      const { mute: held, status } = await commune.speaker(HOWLING);
      return held?.reason === REASON && status?.output === 'muted' && status.assignmentHeld;
    };

    await mute(Math.floor(time.now) + 3_600_000);
    const start = { mode: 'instant', latenessMs: 1_000 } as const;
    const [slot] = await Promise.all([
      planning.schedule(news.announcementId, time.soon(5_000), { start }),
      until('the loudspeaker to be muted', muted),
    ]);

    // A kill of both ends does not unmute it.
    await Promise.all([howling.end('SIGKILL'), controller.end('SIGKILL')]);
    await controller.start();
    await howling.start();
    const { id } = await planning.broadcastOf(slot);
    const [silent, sounded] = await Promise.all([commune.settled(id, HOWLING), commune.settled(id, GOOD)]);
    expect(silent).toMatchObject({ state: 'missed', code: 'order.muted', played: false, plays: [] });
    expect(sounded).toMatchObject({ state: 'finished', played: true });
    expect(await soundingRecordings(howling.recordings)).toEqual([]);
    const [heard] = await soundingRecordings(good.recordings);
    expect(likeness(news.samples, heard as Recording).pieces).toBeGreaterThanOrEqual(ALIKE);
    await until('the loudspeaker to be there and still muted', muted);
    const { areas, totals } = await commune.coverage(id);
    expect(totals).toMatchObject({ played: 1, missed: 1 });
    expect(areas.map(({ areaId, verdict }) => [areaId, verdict])).toEqual([
      ['thon-1', 'missed'],
      ['thon-2', 'played'],
    ]);

    // An emergency is heard all the same, from its attention tone on.
    const flood = await commune.approved({
      title: 'Lũ về',
      priority: 'emergency',
      mediaSha256: news.sha256,
    });
    const chairman = controller.as('chairman');
    const alarm = await chairman.post<BroadcastView>(
      '/broadcasts',
      commune.playRequest({ ...news, announcementId: flood }, [HOWLING], { leadMs: 500 }),
    );
    const tone = await until('the emergency to sound', async () => {
      const [first] = await soundingRecordings(howling.recordings);
      return first;
    });
    expect(tone.startedAtMs).toBeGreaterThanOrEqual(alarm.createdAt);
    await chairman.post(`/broadcasts/${alarm.id}/cancel`, { reason: 'đã báo đủ' });
    expect((await commune.settled(alarm.id, HOWLING)).plays).toHaveLength(1);

    // The mute ends by itself, and the next slot sounds here too.
    const endsAt = time.soon(2_000);
    await mute(endsAt);
    const wanted = planning.wanted(news.announcementId, endsAt + 1_000);
    const next = await controller.as('editor').post<ScheduleView>('/schedules', wanted);
    const after = await planning.broadcastOf(next);
    expect(await commune.settled(after.id, HOWLING)).toMatchObject({ state: 'finished', played: true });
    const recordings = await soundingRecordings(howling.recordings);
    expect(recordings).toHaveLength(2);
    const last = likeness(news.samples, recordings[1] as Recording);
    expect(last.pieces).toBeGreaterThanOrEqual(ALIKE);
    expect(last.firstSampleAtMs).toBeGreaterThanOrEqual(endsAt);
  },
  LIMIT_MS,
);

import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { RATE, soundSpan } from '../../helpers/pcm.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';
import { Commune, logOf } from '../support/commune.ts';
import { GateProxy } from '../support/gate-proxy.ts';
import { Planning } from '../support/planning.ts';
import { ALIKE, likeness, piecewise, type Recording, soundingRecordings } from '../support/recordings.ts';
import { VillageTime } from '../support/village-time.ts';

/** Of a machine that has a lot to do besides. */
const LIMIT_MS = 120_000;
const SPEAKER = 'loa-sa-pa';

it(
  'field case 4: with power, line and controller gone in a storm it plays its plan on time, once (Yagi, 2024)',
  async () => {
    const time = new VillageTime();
    const commune = await new Commune({ folder: tempDir('storm') }).start();
    onTestFinished(() => commune.stop());
    const line = new GateProxy(commune.controller.httpPort);
    await line.start();
    onTestFinished(() => line.stop());
    const [agent, news, withdrawn] = await Promise.all([
      commune.addAgent(SPEAKER, { url: line.url }),
      commune.prepare({ seconds: 2.5, seed: 41 }),
      commune.prepare({ seconds: 2.5, seed: 42 }),
    ]);
    const planning = new Planning(commune);
    const startsAt = time.soon(8_000);
    const [slot, deleted] = await Promise.all([
      planning.schedule(news.announcementId, startsAt),
      planning.schedule(withdrawn.announcementId, startsAt + 3_000),
    ]);
    await planning.remove(deleted);

    await line.stop();
    await Promise.all([commune.controller.end('SIGKILL'), agent.end('SIGKILL')]);
    await agent.start();
    const heard = await until('the slot, from its own store', async () => {
      const [first] = await soundingRecordings(agent.recordings);
      return first !== undefined && soundMs(first.samples) > soundMs(news.samples) - 50 && first;
    });
    const { pieces, firstSampleAtMs } = likeness(news.samples, heard);
    expect(pieces).toBeGreaterThanOrEqual(ALIKE);

    // The storm is over; the loudspeaker begins once more, and what it has played stays played.
    await until('the end of the slot', async () =>
      (await logOf(join(commune.folder, SPEAKER), 'agent')).includes('"outcome":"finished"'),
    );
    await Promise.all([agent.end('SIGTERM'), commune.controller.start()]);
    const before = await planning.broadcastOf(slot);
    await line.start();
    await agent.start();
    const delivery = await commune.settled(before.id, SPEAKER);
    expect(delivery).toMatchObject({ state: 'finished', played: true, flags: [] });
    const [play, ...plays] = delivery.plays;
    expect(plays).toEqual([]);
    // On time by the loudspeaker's word, by its recording, and by the clock of the file system.
    const startErrorMs = play?.startErrorMs ?? Number.NaN;
    expect(Math.abs(firstSampleAtMs - startsAt - startErrorMs)).toBeLessThanOrEqual(25);
    const arrivedAtMs = heard.arrivedAtMs + firstSampleAtMs - heard.startedAtMs;
    expect(arrivedAtMs - startsAt).toBeGreaterThanOrEqual(startErrorMs - 100);
    expect(arrivedAtMs - startsAt).toBeLessThan(startErrorMs + 2_000);
    expect(Math.abs(startErrorMs)).toBeLessThan(5_000);

    // Once, and nothing of what was deleted, after its time too.
    await until('the time of the deleted slot', () => time.now > startsAt + 4_000);
    const all = (await soundingRecordings(agent.recordings)) as [Recording, ...Recording[]];
    expect(all).toHaveLength(1);
    expect(piecewise(withdrawn.samples, all[0].samples)).toBeLessThan(0.5);
    const { id } = await planning.broadcastOf(slot);
    expect(id).toBe(before.id);
    expect(await commune.delivery(id, SPEAKER)).toEqual(delivery);
    expect((await commune.broadcasts()).filter(({ state }) => state === 'completed')).toHaveLength(1);
    expect(all[0].samples.length / RATE).toBeLessThan(10);
  },
  LIMIT_MS,
);

/** From the first sound to the last. */
function soundMs(samples: Float32Array): number {
  const { start, end } = soundSpan(samples) ?? { start: 0, end: 0 };
  return ((end - start) * 1_000) / RATE;
}

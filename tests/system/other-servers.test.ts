import { afterAll, beforeAll, expect, it } from 'vitest';
import { Mosquitto } from '../helpers/mosquitto.ts';
import { freshPostgresDatabase } from '../helpers/postgres.ts';
import { describeWith } from '../helpers/requirements.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { Commune } from './support/commune.ts';
import { likeness, soundingRecordings } from './support/recordings.ts';

const SPEAKER = 'loa-ap-1';

describeWith(['postgresql'], 'a controller on PostgreSQL', () => {
  let commune: Commune;
  beforeAll(async () => {
    const env = { LOA_DATABASE_URL: await freshPostgresDatabase() };
    commune = await new Commune({ folder: tempDir('postgresql'), env }).start();
  }, 60_000);
  afterAll(() => commune.stop());

  it('broadcasts, and still knows it after kill −9', async () => {
    const agent = await commune.addAgent(SPEAKER);
    const prepared = await commune.prepare({ seconds: 1.5, seed: 61 });
    const broadcast = await commune.play(prepared, [SPEAKER]);
    const delivery = await commune.settled(broadcast.id, SPEAKER);
    expect(delivery).toMatchObject({ state: 'finished', played: true, flags: [] });
    const [recording, ...more] = await soundingRecordings(agent.recordings);
    expect(more).toEqual([]);
    if (recording === undefined) throw new Error('nothing was recorded');
    expect(likeness(prepared.samples, recording).pieces).toBeGreaterThanOrEqual(0.95);
    await commune.controller.end('SIGKILL');
    await commune.controller.start();
    expect(await commune.delivery(broadcast.id, SPEAKER)).toEqual(delivery);
  }, 60_000);
});

describeWith(['mosquitto'], 'a controller on an external broker', () => {
  let broker: Mosquitto;
  let commune: Commune;
  beforeAll(async () => {
    const folder = tempDir('external');
    broker = new Mosquitto(folder);
    await broker.start();
    const env = { LOA_MQTT_URL: `mqtt://127.0.0.1:${broker.port}` };
    commune = await new Commune({ folder, env }).start();
  }, 60_000);
  afterAll(async () => {
    await commune.stop();
    await broker.stop();
  });

  it('tells its loudspeakers over it, and stores what they tell', async () => {
    const speaker = await commune.addRaw('raw-1', `mqtt://127.0.0.1:${broker.port}`);
    const prepared = await commune.prepare({ seconds: 1.5, seed: 62 });
    const broadcast = await commune.play(prepared, ['raw-1']);
    await speaker.next('order');
    speaker.writePlay(broadcast.id);
    await speaker.send('journal', speaker.batch());
    expect(await speaker.ack()).toMatchObject({ seq: 3, hash: speaker.head.hash });
    expect(await commune.settled(broadcast.id, 'raw-1')).toMatchObject({ state: 'finished', played: true });
  }, 60_000);
});

import mqtt, { type MqttClient } from 'mqtt';
import { topicOf } from '#protocols';
import { Mosquitto } from '../../helpers/mosquitto.ts';
import type { LightSpeakerIdentity } from './light-speaker.ts';
import { preciseNow } from './messages.ts';
import { LoadPool } from './pool.ts';
import type { FanoutRun } from './runs.ts';

/**
 * The same fan-out without us: the same clients on a bare Mosquitto, the same order published to the same area topic by
 * one plain client, which collects the same answers and stores nothing.
 */
export async function bareFanout(
  folder: string,
  speakers: readonly LightSpeakerIdentity[],
  areaId: string,
  order: string,
  rounds: number,
): Promise<FanoutRun[]> {
  const broker = new Mosquitto(folder);
  await broker.start();
  const pool = new LoadPool({ speakers, port: broker.port, tls: false, hello: false });
  const publisher = await mqtt.connectAsync(`mqtt://127.0.0.1:${broker.port}`, { protocolVersion: 4 });
  try {
    await pool.connect();
    await publisher.subscribeAsync('loa/1/speaker/+/up/answer', { qos: 1 });
    const runs: FanoutRun[] = [];
    for (let round = 0; round < rounds; round++)
      runs.push(await fanOut(pool, publisher, areaId, order, speakers.length));
    return runs;
  } finally {
    await pool.close();
    await publisher.endAsync(true);
    await broker.stop();
  }
}

async function fanOut(
  pool: LoadPool,
  publisher: MqttClient,
  areaId: string,
  order: string,
  expected: number,
): Promise<FanoutRun> {
  await pool.arm();
  const answers: number[] = [];
  const all = new Promise<void>((resolve) => {
    publisher.removeAllListeners('message');
    publisher.on('message', () => {
      answers.push(preciseNow());
      if (answers.length === expected) resolve();
    });
  });
  const calledAt = preciseNow();
  await publisher.publishAsync(topicOf('areaOrder', areaId), order, { qos: 1 });
  await all;
  const received = await pool.arrivals();
  return {
    received: received.map((at) => at - calledAt),
    durable: answers.map((at) => at - calledAt),
  };
}

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createWebSocketStream, WebSocket, WebSocketServer } from 'ws';
import { SystemClock, writeTogether } from '#kit';
import { speakerSubscriptions, topicOf } from '#protocols';
import { MqttConnection } from '../../../device-agent/link/mqtt-connection.ts';
import { attachWebSocket } from '../../../server/mqtt/websocket.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { TestController } from './test-controller.ts';

/** MQTT's packet type: the upper half of its first byte. */
const PUBLISH = 3;
const typeOf = (message: Buffer) => (message[0] as number) >> 4;

/** A controller behind a WebSocket port, and a relay before it that writes down each message. `swallow` lets none through any more. */
async function relayed() {
  const controller = await new TestController({ folder: tempDir('frames') }).start();
  onTestFinished(() => controller.stop());
  const http = createServer();
  const detach = attachWebSocket(http, '/mqtt', controller.broker);
  const relay = new WebSocketServer({ port: 0, host: '127.0.0.1', path: '/mqtt' });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  onTestFinished(async () => {
    for (const client of relay.clients) client.terminate();
    relay.close();
    detach();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });
  const up: Buffer[] = [];
  const down: Buffer[] = [];
  const state = { swallow: false };
  relay.on('connection', (near) => {
    const far = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}/mqtt`, 'mqtt');
    const opened = once(far, 'open');
    near.on('message', async (message: Buffer) => {
      up.push(message);
      await opened;
      if (!state.swallow) far.send(message);
    });
    far.on('message', (message: Buffer) => {
      down.push(message);
      if (!state.swallow) near.send(message);
    });
    near.on('close', () => far.terminate());
    far.on('close', () => near.terminate());
    for (const socket of [near, far]) socket.on('error', () => undefined);
  });
  const url = `ws://127.0.0.1:${(relay.address() as AddressInfo).port}/mqtt`;
  return { controller, url, up, down, state };
}

it('one MQTT packet is one WebSocket message, in both directions', async () => {
  const { controller, url, up, down } = await relayed();
  const { secret } = await controller.addSpeaker('spk-1');
  const replies: (() => void)[] = [];
  const connection = await MqttConnection.open({
    ...{ url, speakerId: 'spk-1', secret, sessionEpoch: 1, clock: new SystemClock() },
    onMessage: () => replies.shift()?.(),
    onClose: () => undefined,
  });
  onTestFinished(() => connection.close());
  await connection.subscribe(speakerSubscriptions('spk-1', []));
  const reply = new Promise<void>((resolve) => replies.push(resolve));
  await connection.publish('timeRequest', { v: 1, nonce: 'n'.repeat(22) });
  await reply;
  expect(up.map(typeOf)).toEqual([1, 8, PUBLISH]);
  expect(down.map(typeOf)).toEqual([2, 9, PUBLISH]);
  expect(up[2]?.toString('latin1')).toContain(topicOf('timeRequest', 'spk-1'));
});

it('a line that swallows everything is given up within two minutes, whatever is sent on it', async () => {
  const { controller, url, state } = await relayed();
  const { secret } = await controller.addSpeaker('spk-1');
  const clock = new FakeClock();
  let reason = '';
  const closed = new Promise<void>((resolve) => {
    void MqttConnection.open({
      ...{ url, speakerId: 'spk-1', secret, sessionEpoch: 1, clock },
      onMessage: () => undefined,
      onClose: (why) => {
        reason = why;
        resolve();
      },
    }).then(async (connection) => {
      state.swallow = true;
      for (let seconds = 0; seconds < 120; seconds += 10) {
        await connection.publish('timeRequest', { v: 1, nonce: 'n'.repeat(22) }).catch(() => undefined);
        await clock.advance(10_000);
      }
    });
  });
  await closed;
  expect(reason).toBe('the broker does not answer any more');
  expect(clock.monotonic()).toBeLessThanOrEqual(120_000);
});

it('what is written together is split where a receiver would refuse it', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', maxPayload: 128 * 1024 });
  await once(server, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [accepted] = (await once(server, 'connection')) as [WebSocket];
  onTestFinished(() => {
    client.terminate();
    server.close();
  });
  const sizes: number[] = [];
  const stream = createWebSocketStream(client, { writev: writeTogether });
  accepted.on('message', (message: Buffer) => sizes.push(message.length));
  stream.cork();
  for (let i = 0; i < 10; i++) stream.write(Buffer.alloc(30_000));
  stream.write(Buffer.alloc(100_000));
  stream.uncork();
  stream.end();
  await once(accepted, 'close');
  expect(sizes).toEqual([...Array(5).fill(60_000), 100_000]);
});

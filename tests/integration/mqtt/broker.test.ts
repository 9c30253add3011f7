import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { IClientPublishOptions } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256, speakerSubscriptions, topicOf } from '#protocols';
import { CredentialTable } from '../../../server/mqtt/credential-table.ts';
import { attachWebSocket, EmbeddedBroker, MqttListener } from '../../../server/mqtt/index.ts';
import { issueServer, makeAuthority } from '../../../server/tls/issue.ts';
import { connectMqtt } from './test-speaker.ts';

const SECRET = randomBytes(32).toString('base64url');
const AREAS = ['vn', 'xa', 'ap-1'];

function credential(speakerId: string, lifecycle: 'active' | 'blocked' = 'active', secret = SECRET) {
  return { speakerId, secretHash: sha256(secret), lifecycle, areaId: 'ap-1' };
}

/** Resolves when the other side has ended a connection. */
function closed(socket: { once(event: 'close', listener: () => void): unknown }): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

describe('the embedded broker', () => {
  let credentials: CredentialTable;
  let broker: EmbeddedBroker;
  let listener: MqttListener;
  let errors: unknown[];
  const login = (id: string, over: object = {}, url = `mqtt://127.0.0.1:${listener.port}`) =>
    connectMqtt(url, {
      clientId: id,
      username: id,
      password: SECRET,
      ...over,
    });
  const refusals = () => Object.fromEntries(broker.metrics().refusedConnections);
  const packetRefusals = () => Object.fromEntries(broker.metrics().refusedPackets);
  const raw = (port = listener.port) =>
    new Promise<Socket>((resolve) => {
      const socket: Socket = connect(port, '127.0.0.1', () => resolve(socket));
      socket.on('error', () => undefined);
      socket.resume();
    });

  beforeEach(async () => {
    errors = [];
    credentials = new CredentialTable();
    credentials.put(credential('spk-1'), AREAS);
    credentials.put(credential('spk-2'), AREAS);
    credentials.put(credential('spk-3', 'blocked'), AREAS);
    broker = new EmbeddedBroker({
      credentials,
      limits: { pendingPerAddress: 8, connectTimeoutMs: 300 },
      onError: (error) => errors.push(error),
    });
    listener = new MqttListener({
      broker,
      host: '127.0.0.1',
      port: 0,
      onError: (error) => errors.push(error),
    });
    await broker.start();
    await listener.start();
  });

  afterEach(async () => {
    await listener.stop();
    await broker.stop();
    expect(errors).toEqual([]);
  });

  it('lets a speaker in with its secret, and nobody else', async () => {
    const client = await login('spk-1');
    expect(broker.isConnected('spk-1')).toBe(true);
    await expect(login('spk-2', { password: 'wrong' })).rejects.toThrow(/Bad username or password/);
    await expect(login('spk-9')).rejects.toThrow(/Bad username or password/);
    await expect(login('spk-3')).rejects.toThrow(/Not authorized/);
    await expect(login('', { username: 'spk-1' })).rejects.toThrow(/Identifier rejected/);
    await expect(login('spk-2', { username: 'spk-1' })).rejects.toThrow(/Identifier rejected/);
    await expect(login('$controller', { username: '$controller' })).rejects.toThrow(/Bad username/);
    await expect(login('spk-2', { keepalive: 0 })).rejects.toThrow(/Not authorized/);
    expect(refusals()).toEqual({ credentials: 3, blocked: 1, client_id: 2, keepalive: 1 });
    await client.endAsync();
  });

  it('checks the last will like any message', async () => {
    const will = (topic: string, retain = false) => ({
      will: { topic, payload: Buffer.from('x'), qos: 1, retain },
    });
    await expect(login('spk-1', will(topicOf('presence', 'spk-2')))).rejects.toThrow(/Not authorized/);
    await expect(login('spk-1', will(topicOf('areaOrder', 'vn')))).rejects.toThrow(/Not authorized/);
    await expect(login('spk-1', will(topicOf('journal', 'spk-1')))).rejects.toThrow(/Not authorized/);
    await expect(login('spk-1', will(topicOf('presence', 'spk-1'), true))).rejects.toThrow(/Not authorized/);
    expect(refusals()).toEqual({ will: 4 });
    await (await login('spk-1', will(topicOf('presence', 'spk-1')))).endAsync();
  });

  it('gives a speaker its own subscriptions and nothing more', async () => {
    const client = await login('spk-1');
    const granted = async (filter: string) =>
      (await client.subscribeAsync(filter, { qos: 1 }).catch(() => [{ qos: 128 }]))[0]?.qos;
    for (const filter of speakerSubscriptions('spk-1', AREAS)) expect(await granted(filter)).toBe(1);
    for (const filter of [
      '#',
      'loa/#',
      'loa/1/speaker/+/up/+',
      'loa/1/speaker/+/down/+',
      '$SYS/#',
      ...speakerSubscriptions('spk-2', ['ap-2']),
      topicOf('hello', 'spk-1'),
    ])
      expect(await granted(filter), filter).toBe(128);
    expect(packetRefusals()).toEqual({ subscribe: 8 });
    await client.endAsync();
  });

  it.each<[string, string, IClientPublishOptions]>([
    ['on an area order', topicOf('areaOrder', 'vn'), {}],
    ['on its own order topic', topicOf('order', 'spk-1'), {}],
    ['as another speaker', topicOf('hello', 'spk-2'), {}],
    ['on $SYS', '$SYS/loa/heartbeat', {}],
    ['outside the table', 'home/kitchen', {}],
    ['retained', topicOf('health', 'spk-1'), { retain: true }],
    ['with QoS 2', topicOf('health', 'spk-1'), { qos: 2 }],
    ['below too many levels', 'a/b/c/d/e/f/g/h/i', {}],
  ])('ends a connection that publishes %s', async (_what, topic, options) => {
    const client = await login('spk-1');
    const end = closed(client);
    client.publish(topic, 'x', { qos: 1, ...options });
    await end;
    expect(broker.isConnected('spk-1')).toBe(false);
  });

  it('forwards an area order only to who lies there at that moment', async () => {
    const here = await login('spk-1');
    const moved = await login('spk-2');
    for (const [client, id] of [
      [here, 'spk-1'],
      [moved, 'spk-2'],
    ] as const)
      await client.subscribeAsync(speakerSubscriptions(id, AREAS), { qos: 1 });
    credentials.put({ ...credential('spk-2'), areaId: 'ap-2' }, ['vn', 'xa', 'ap-2']);
    const got: string[] = [];
    moved.on('message', (topic) => got.push(topic));
    const arrived = new Promise((resolve) => here.once('message', resolve));
    const pipe = broker.connectController();
    pipe.write(controllerConnect());
    pipe.write(publish(topicOf('areaOrder', 'ap-1'), 'order'));
    pipe.write(publish(topicOf('areaOrder', 'vn'), 'for all'));
    expect(await arrived).toBe(topicOf('areaOrder', 'ap-1'));
    await new Promise<void>((resolve) =>
      got.length > 0 ? resolve() : moved.once('message', () => resolve()),
    );
    expect(got).toEqual([topicOf('areaOrder', 'vn')]);
    expect(packetRefusals()).toEqual({ forward: 1 });
    pipe.destroy();
    here.end(true);
    moved.end(true);
  });

  it('replaces the older connection of a speaker', async () => {
    const older = await login('spk-1');
    const end = closed(older);
    const newer = await login('spk-1');
    await end;
    expect(broker.isConnected('spk-1')).toBe(true);
    expect(broker.metrics()).toMatchObject({ connections: 1, connectionsTotal: 2 });
    newer.end(true);
  });

  it('ends a connection at once when its speaker is blocked, removed or gets another secret', async () => {
    const blocked = await login('spk-1');
    const ends = [closed(blocked)];
    credentials.put(credential('spk-1', 'blocked'), AREAS);
    const renewed = await login('spk-2');
    ends.push(closed(renewed));
    credentials.put(credential('spk-2', 'active', 'another'), AREAS);
    await Promise.all(ends);
    expect(broker.metrics().connections).toBe(0);
    credentials.put(credential('spk-1'), AREAS);
    const removed = await login('spk-1');
    const end = closed(removed);
    credentials.remove('spk-1');
    await end;
    await expect(login('spk-1')).rejects.toThrow();
  });

  it('drops what announces too large a packet before it has come', async () => {
    const unknown = await raw();
    const first = closed(unknown);
    unknown.write(Buffer.from([0x10, 0x80, 0x80, 0x01])); // CONNECT with 16 KiB to come
    await first;
    const client = await login('spk-1');
    const second = closed(client);
    client.stream.write(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f])); // PUBLISH with 256 MiB to come
    await second;
    const sends = await login('spk-1');
    const third = closed(sends);
    sends.publish(topicOf('journal', 'spk-1'), Buffer.alloc(70_000));
    await third;
    expect(refusals()).toEqual({ packet_too_large: 3 });
  });

  it('survives a flood of what is no MQTT, and ends those who say nothing', async () => {
    const silent = await raw();
    const quiet = closed(silent);
    for (let i = 0; i < 200; i++) {
      const socket = await raw();
      const end = closed(socket);
      const bytes = randomBytes(200);
      // Half of them begin like a CONNECT of the right size.
      if (i % 2 === 0) bytes.set([0x10, 100, 0, 4, 77, 81, 84, 84, 4]);
      // The others are no CONNECT: one could ask for more bytes than there are.
      else if (bytes[0] === 0x10) bytes[0] = 0x20;
      socket.write(bytes);
      // A CONNECT that is cut short waits for its rest until the time is up: hang up.
      if (i % 2 === 0) socket.end();
      await end;
    }
    await quiet;
    expect(refusals()).toMatchObject({ connect_timeout: 1 });
    const client = await login('spk-1');
    await client.endAsync();
    expect(broker.metrics().unauthenticated).toBe(0);
  });

  it('caps connections of one address only until they have authenticated', async () => {
    const waiting = await Promise.all(Array.from({ length: 8 }, () => raw()));
    const ninth = await raw();
    await closed(ninth);
    expect(refusals()).toMatchObject({ address_limit: 1 });
    const ends = waiting.map(closed);
    for (const socket of waiting) socket.destroy();
    await Promise.all(ends);
    for (let i = 0; i < 20; i++) credentials.put(credential(`many-${i}`), AREAS);
    const clients: Awaited<ReturnType<typeof login>>[] = [];
    for (let i = 0; i < 20; i++) clients.push(await login(`many-${i}`));
    expect(broker.metrics().connections).toBe(20);
    for (const client of clients) client.end(true);
  });

  it('counts who opens a TLS port and says nothing', async () => {
    const now = Date.now();
    const current = await issueServer(await makeAuthority(now), ['127.0.0.1'], now);
    const certificates = { current, onChange: () => () => undefined };
    const secure = new MqttListener({
      ...{ broker, host: '127.0.0.1', port: 0, tls: { certificates, clientCa: null } },
      onError: (error) => errors.push(error),
    });
    await secure.start();
    try {
      const open = () => raw(secure.port);
      const waiting = await Promise.all(Array.from({ length: 8 }, open));
      await closed(await open());
      expect(refusals()).toEqual({ address_limit: 1 });
      const ends = waiting.map(closed);
      for (const socket of waiting) socket.destroy();
      await Promise.all(ends);
      // Who has a secure connection is counted once, and who has logged in not at all.
      const url = `mqtts://127.0.0.1:${secure.port}`;
      for (let i = 0; i < 20; i++) credentials.put(credential(`many-${i}`), AREAS);
      const clients: Awaited<ReturnType<typeof login>>[] = [];
      for (let i = 0; i < 20; i++) clients.push(await login(`many-${i}`, { rejectUnauthorized: false }, url));
      expect(broker.metrics()).toMatchObject({ connections: 20, unauthenticated: 0 });
      for (const client of clients) client.end(true);
    } finally {
      await secure.stop();
    }
  });

  it('ends the connection of a loudspeaker that was blocked while it came in', async () => {
    const check = credentials.check.bind(credentials);
    credentials.check = (id, secret) => {
      const result = check(id, secret);
      credentials.put(credential('spk-1', 'blocked'), AREAS);
      return result;
    };
    const client = await login('spk-1').catch(() => undefined);
    if (client?.connected) await closed(client);
    client?.end(true);
    expect(broker.isConnected('spk-1')).toBe(false);
  });

  it('serves WebSocket on the HTTP port, and refuses other upgrades', async () => {
    const server = createServer();
    const detach = attachWebSocket(server, '/mqtt', broker);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const options = { clientId: 'spk-1', username: 'spk-1', password: SECRET };
    const client = await connectMqtt(`ws://127.0.0.1:${port}/mqtt`, options);
    await client.publishAsync(topicOf('health', 'spk-1'), Buffer.alloc(60_000), { qos: 1 });
    expect(broker.metrics().messages).toEqual([['health', 1]]);
    const end = closed(client);
    client.publish(topicOf('health', 'spk-1'), Buffer.alloc(70_000));
    await end;
    await expect(connectMqtt(`ws://127.0.0.1:${port}/other`, options)).rejects.toThrow();
    await connectMqtt(`ws://127.0.0.1:${port}/mqtt`, options);
    // The server does not know a connection any more that became a WebSocket, and would wait for it.
    detach();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});

/** CONNECT of the controller's own connection. */
function controllerConnect(): Buffer {
  const id = Buffer.from('$controller');
  const body = Buffer.concat([Buffer.from([0, 4, 77, 81, 84, 84, 4, 2, 0, 0, 0, id.length]), id]);
  return Buffer.concat([Buffer.from([0x10, body.length]), body]);
}

function publish(topic: string, payload: string): Buffer {
  const body = Buffer.concat([Buffer.from([0, topic.length]), Buffer.from(topic), Buffer.from(payload)]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

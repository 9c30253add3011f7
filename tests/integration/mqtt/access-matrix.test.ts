import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import type { IClientPublishOptions, MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CONTROLLER_SUBSCRIPTION,
  sha256,
  speakerSubscriptions,
  TOPIC_ROOT,
  TOPICS,
  type TopicName,
  topicOf,
} from '#protocols';
import { CredentialTable } from '../../../server/mqtt/credential-table.ts';
import { EmbeddedBroker, MqttListener, memoryConnector } from '../../../server/mqtt/index.ts';
import { connectMqtt } from './test-speaker.ts';

const SECRET = randomBytes(32).toString('base64url');
const SELF = 'spk-1';
const NEIGHBOUR = 'spk-2';
const AREAS = ['vn', 'xa', 'ap-1'];

/** Whose topic it is, as the speaker that asks sees it. */
const PLACES = { speaker: [SELF, NEIGHBOUR, 'spk-nobody'], area: [...AREAS, 'ap-2', 'xa-khac'] } as const;
const NAMES = Object.keys(TOPICS) as TopicName[];

/** Every concrete topic of the table, and whether it is the speaker's own or an area's that it lies in. */
const CASES = NAMES.map((name) => {
  const kind = TOPICS[name].pattern.startsWith('area/') ? 'area' : 'speaker';
  const topics = PLACES[kind].map((id) => ({
    id,
    topic: topicOf(name, id),
    ours: kind === 'area' ? AREAS.includes(id) : id === SELF,
  }));
  return { name, direction: TOPICS[name].direction, topics };
});

/** Filters that would let somebody hear what is not meant for them. */
const WILD = [
  '#',
  '+',
  '+/#',
  '/#',
  '$SYS/#',
  '$SYS/+/clients',
  '$share/g/#',
  `$share/g/${TOPIC_ROOT}/speaker/${SELF}/down/+`,
  `$queue/${TOPIC_ROOT}/speaker/${SELF}/down/+`,
  'loa/#',
  'loa/+/speaker/+/down/order',
  `${TOPIC_ROOT}/#`,
  `${TOPIC_ROOT}/area/+/+`,
  `${TOPIC_ROOT}/area/+/order`,
  `${TOPIC_ROOT}/area/#`,
  `${TOPIC_ROOT}/speaker/#`,
  `${TOPIC_ROOT}/speaker/${SELF}/#`,
  `${TOPIC_ROOT}/speaker/${SELF}/+/order`,
  `${TOPIC_ROOT}/speaker/${SELF}/up/+`,
  `${TOPIC_ROOT}/speaker/+/down/+`,
  CONTROLLER_SUBSCRIPTION,
];

describe('the access rules, at the broker', () => {
  let credentials: CredentialTable;
  let broker: EmbeddedBroker;
  let listener: MqttListener;
  let open: MqttClient[];

  beforeEach(async () => {
    open = [];
    credentials = new CredentialTable();
    for (const [speakerId, areas] of [
      [SELF, AREAS],
      [NEIGHBOUR, ['vn', 'xa', 'ap-2']],
    ] as const)
      credentials.put(
        { speakerId, secretHash: sha256(SECRET), lifecycle: 'active', areaId: areas.at(-1) ?? '' },
        areas,
      );
    // A controller that is refused is a defect of ours, and told as one.
    const onError = (error: unknown) =>
      expect(error).toMatchObject({ message: 'not allowed by the topic table' });
    broker = new EmbeddedBroker({ credentials, onError });
    listener = new MqttListener({ broker, host: '127.0.0.1', port: 0, onError });
    await broker.start();
    await listener.start();
  });

  afterEach(async () => {
    for (const client of open) client.end(true);
    await listener.stop();
    await broker.stop();
  });

  async function speaker(id = SELF, over: object = {}): Promise<MqttClient> {
    const client = await connectMqtt(`mqtt://127.0.0.1:${listener.port}`, {
      ...{ clientId: id, username: id, password: SECRET },
      ...over,
    });
    open.push(client);
    return client;
  }

  function controller(): Promise<MqttClient> {
    const client = memoryConnector(broker)();
    open.push(client);
    return new Promise((resolve) => client.once('connect', () => resolve(client)));
  }

  /** Whether the broker takes a message, or ends the connection that it came on. */
  async function takes(client: MqttClient, topic: string, options: IClientPublishOptions = {}) {
    const ended = new Promise<'ended'>((resolve) => client.once('close', () => resolve('ended')));
    const taken = client.publishAsync(topic, 'x', { qos: 1, ...options }).then(
      () => 'taken' as const,
      () => ended,
    );
    return (await Promise.race([ended, taken])) === 'taken';
  }

  async function grants(client: MqttClient, filter: string): Promise<boolean> {
    const granted = await client.subscribeAsync(filter, { qos: 1 }).catch(() => [{ qos: 128 }]);
    return (granted[0]?.qos ?? 128) <= 2;
  }

  it.each(CASES)(
    '$name: a speaker publishes on its own upward topic alone, and never retained',
    async ({ direction, topics }) => {
      for (const { topic, ours } of topics) {
        expect(await takes(await speaker(), topic), topic).toBe(direction === 'up' && ours);
        expect(await takes(await speaker(), topic, { retain: true }), `${topic} retained`).toBe(false);
        expect(await takes(await speaker(), topic, { qos: 2 }), `${topic} QoS 2`).toBe(false);
      }
    },
  );

  it.each(CASES)('$name: the only last will is its own presence', async ({ name, topics }) => {
    for (const { topic, ours } of topics)
      for (const retain of [false, true]) {
        const will = { topic, payload: Buffer.from('x'), qos: 1 as const, retain };
        const entered = await speaker(SELF, { will }).then(
          () => true,
          () => false,
        );
        expect(entered, `${topic}${retain ? ' retained' : ''}`).toBe(name === 'presence' && ours && !retain);
      }
  });

  it.each(CASES)(
    '$name: a speaker subscribes to no single topic, and to the filters of the table for its own',
    async ({ direction, topics }) => {
      const client = await speaker();
      for (const { topic, ours } of topics) {
        expect(await grants(client, topic), topic).toBe(false);
        const filter = topic.replace(/[^/]+$/, '+');
        expect(await grants(client, filter), filter).toBe(direction === 'down' && ours);
      }
    },
  );

  it.each(CASES)(
    '$name: comes down to whom it is meant for, and to nobody else',
    async ({ name, direction, topics }) => {
      const [self, neighbour, ours] = [await speaker(), await speaker(NEIGHBOUR), await controller()];
      const heard: Record<string, string[]> = { [SELF]: [], [NEIGHBOUR]: [] };
      for (const [client, id, areas] of [
        [self, SELF, AREAS],
        [neighbour, NEIGHBOUR, ['vn', 'xa', 'ap-2']],
      ] as const) {
        client.on('message', (topic) => heard[id]?.push(topic));
        await client.subscribeAsync(speakerSubscriptions(id, areas), { qos: 1 });
      }
      if (direction === 'up') {
        expect(await takes(ours, topicOf(name, SELF)), 'the controller says nothing for a speaker').toBe(
          false,
        );
        return;
      }
      for (const { topic } of topics) expect(await takes(ours, topic), topic).toBe(true);
      // What comes after everything else shows that nothing more is on its way.
      for (const id of [SELF, NEIGHBOUR])
        await ours.publishAsync(topicOf('journalAck', id), 'last', { qos: 1 });
      await expect
        .poll(() => Object.values(heard).every((all) => all.some((topic) => topic.endsWith('/down/journal'))))
        .toBe(true);
      const isArea = TOPICS[name].pattern.startsWith('area/');
      for (const [id, areas] of [
        [SELF, AREAS],
        [NEIGHBOUR, ['vn', 'xa', 'ap-2']],
      ] as const) {
        const meant = topics
          .filter((one) => (isArea ? (areas as readonly string[]).includes(one.id) : one.id === id))
          .map(({ topic }) => topic);
        const got = new Set(heard[id]);
        got.delete(topicOf('journalAck', id));
        expect([...got].sort()).toEqual(meant.filter((topic) => topic !== topicOf('journalAck', id)).sort());
      }
    },
  );

  it.each(WILD)('no speaker subscribes to %s', async (filter) => {
    expect(await grants(await speaker(), filter)).toBe(false);
  });

  it('the controller subscribes to what speakers send, and to nothing else', async () => {
    const client = await controller();
    expect(await grants(client, CONTROLLER_SUBSCRIPTION)).toBe(true);
    for (const filter of WILD.filter((one) => one !== CONTROLLER_SUBSCRIPTION))
      expect(await grants(client, filter), filter).toBe(false);
    for (const { topics } of CASES)
      for (const { topic } of topics) expect(await grants(client, topic), topic).toBe(false);
  });

  it.each([
    '$SYS/loa/new/clients',
    '$SYS/x',
    '$share/g/x',
    'x',
    `${TOPIC_ROOT}`,
    `${TOPIC_ROOT}/speaker/${SELF}`,
    `${TOPIC_ROOT}/speaker/${SELF}/up`,
    `loa/2/speaker/${SELF}/up/hello`,
  ])('nobody publishes on %s, which is outside the table', async (topic) => {
    expect(await takes(await speaker(), topic)).toBe(false);
    expect(await takes(await controller(), topic)).toBe(false);
  });

  it('nothing is kept for who subscribes later', async () => {
    const [ours, first] = [await controller(), await speaker()];
    await first.subscribeAsync(speakerSubscriptions(SELF, AREAS), { qos: 1 });
    await ours.publishAsync(topicOf('order', SELF), 'before', { qos: 1, retain: true });
    await first.endAsync();
    await ours.publishAsync(topicOf('order', SELF), 'away', { qos: 1, retain: true });
    const heard: string[] = [];
    const later = await speaker();
    later.on('message', (_topic, payload) => heard.push(payload.toString()));
    await later.subscribeAsync(speakerSubscriptions(SELF, AREAS), { qos: 1 });
    await ours.publishAsync(topicOf('order', SELF), 'now', { qos: 1 });
    await expect.poll(() => heard).toEqual(['now']);
  });

  it.each([
    ['without a name', {}],
    ['with a name alone', { username: SELF, clientId: SELF }],
    ['as the controller', { username: '$controller', clientId: '$controller', password: SECRET }],
    ['as an area', { username: 'xa', clientId: 'xa', password: SECRET }],
  ])('nobody comes in %s', async (_how, over) => {
    const nobody = { clientId: 'x', username: undefined, password: undefined, ...over };
    await expect(speaker('x', nobody)).rejects.toThrow();
  });

  it.each(CASES)('$name: who has not connected is not heard', async ({ topics }) => {
    for (const { topic } of topics.slice(0, 1)) {
      const before = broker.metrics().messages.length;
      const socket = connect(listener.port, '127.0.0.1');
      const body = Buffer.concat([Buffer.from([0, topic.length]), Buffer.from(topic), Buffer.from('x')]);
      socket.on('error', () => undefined).write(Buffer.concat([Buffer.from([0x30, body.length]), body]));
      await new Promise((resolve) => socket.once('close', resolve));
      expect(broker.metrics().messages.length).toBe(before);
    }
  });
});

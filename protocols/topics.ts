import { DomainError } from './errors/index.ts';

/** First levels of every topic; the number is the version of the whole table. */
export const TOPIC_ROOT = 'loa/1';

/** Largest MQTT payload that either end sends or takes, bytes. */
export const MAX_PAYLOAD_BYTES = 64 * 1024;

export type TopicDirection = 'down' | 'up';

export interface TopicEntry {
  /** Levels below the root; `{area}` and `{speaker}` stand for an id. */
  readonly pattern: string;
  readonly direction: TopicDirection;
  readonly qos: 0 | 1;
  /** A compact JWS, JSON in UTF-8, or JSON with a signature after it (`signed-word.ts`). */
  readonly form: 'jws' | 'json' | 'word';
  readonly says: string;
}

/**
 * Every topic there is. Nothing is retained and no session outlives its connection: the database is the truth, the
 * broker a pipe. The table drives builders, parser, the broker's access rules and the README.
 */
export const TOPICS = {
  areaOrder: {
    pattern: 'area/{area}/order',
    direction: 'down',
    qos: 1,
    form: 'jws',
    says: 'an order for the speakers of an area',
  },
  areaPlan: {
    pattern: 'area/{area}/plan',
    direction: 'down',
    qos: 1,
    form: 'jws',
    says: 'a new plan head of an area',
  },
  areaLatch: {
    pattern: 'area/{area}/latch',
    direction: 'down',
    qos: 1,
    form: 'jws',
    says: 'everything in an area stops, or may sound again',
  },
  order: {
    pattern: 'speaker/{speaker}/down/order',
    direction: 'down',
    qos: 1,
    form: 'jws',
    says: 'an order for this speaker, or one that it has not answered',
  },
  assignment: {
    pattern: 'speaker/{speaker}/down/assignment',
    direction: 'down',
    qos: 1,
    form: 'jws',
    says: 'the desired state of this speaker',
  },
  plan: {
    pattern: 'speaker/{speaker}/down/plan',
    direction: 'down',
    qos: 1,
    form: 'jws',
    says: 'a plan head: its own, or one of an area that it has missed',
  },
  latch: {
    pattern: 'speaker/{speaker}/down/latch',
    direction: 'down',
    qos: 1,
    form: 'jws',
    says: 'a latch: its own, or one of an area that it has missed',
  },
  rehome: {
    pattern: 'speaker/{speaker}/down/rehome',
    direction: 'down',
    qos: 1,
    form: 'jws',
    says: 'it belongs to another controller; signed by a root',
  },
  welcome: {
    pattern: 'speaker/{speaker}/down/welcome',
    direction: 'down',
    qos: 1,
    form: 'json',
    says: 'the answer to a hello',
  },
  journalAck: {
    pattern: 'speaker/{speaker}/down/journal',
    direction: 'down',
    qos: 1,
    form: 'json',
    says: 'up to where the journal is stored',
  },
  time: {
    pattern: 'speaker/{speaker}/down/time',
    direction: 'down',
    qos: 0,
    form: 'jws',
    says: 'signed time for a nonce',
  },
  hello: {
    pattern: 'speaker/{speaker}/up/hello',
    direction: 'up',
    qos: 1,
    form: 'word',
    says: 'what the speaker is and holds, first on every connection',
  },
  answer: {
    pattern: 'speaker/{speaker}/up/answer',
    direction: 'up',
    qos: 1,
    form: 'word',
    says: 'an order was accepted or refused',
  },
  journal: {
    pattern: 'speaker/{speaker}/up/journal',
    direction: 'up',
    qos: 1,
    form: 'json',
    says: 'a signed batch of journal lines',
  },
  health: {
    pattern: 'speaker/{speaker}/up/health',
    direction: 'up',
    qos: 1,
    form: 'word',
    says: 'condition and held hashes, every five minutes and on change; signed where it says what is held',
  },
  progress: {
    pattern: 'speaker/{speaker}/up/progress',
    direction: 'up',
    qos: 0,
    form: 'json',
    says: 'download and playing position, for the eye',
  },
  presence: {
    pattern: 'speaker/{speaker}/up/presence',
    direction: 'up',
    qos: 1,
    form: 'json',
    says: 'last will: the connection is gone',
  },
  timeRequest: {
    pattern: 'speaker/{speaker}/up/time',
    direction: 'up',
    qos: 0,
    form: 'json',
    says: 'a nonce, to be answered with signed time',
  },
} as const satisfies Readonly<Record<string, TopicEntry>>;

export type TopicName = keyof typeof TOPICS;
export type UpTopicName = {
  [N in TopicName]: (typeof TOPICS)[N]['direction'] extends 'up' ? N : never;
}[TopicName];
export type DownTopicName = Exclude<TopicName, UpTopicName>;

/** A topic taken apart: its entry's name and the id in it. */
export interface ParsedTopic {
  readonly name: TopicName;
  /** Area id for what goes to an area, else the speaker's. */
  readonly id: string;
}

const ID = /^[a-z0-9][a-z0-9_-]{0,63}$/;
const PLACE = /\{(?:area|speaker)\}/;

/** The concrete topic of an entry for an area or speaker. Throws `document.malformed` for what is no id. */
export function topicOf(name: TopicName, id: string): string {
  if (!ID.test(id))
    throw new DomainError('document.malformed', { document: 'id', reason: `"${id}" is not an id` });
  return `${TOPIC_ROOT}/${TOPICS[name].pattern.replace(PLACE, id)}`;
}

/** Which entry a concrete topic belongs to, or undefined when it is not in the table. */
export function parseTopic(topic: string): ParsedTopic | undefined {
  if (topic.length > 200 || !topic.startsWith(`${TOPIC_ROOT}/`)) return undefined;
  const levels = topic.slice(TOPIC_ROOT.length + 1).split('/');
  const id = levels[ID_LEVEL] ?? '';
  if (!ID.test(id)) return undefined;
  levels[ID_LEVEL] = '';
  const name = NAMES.get(levels.join('/'));
  return name === undefined ? undefined : { name, id };
}

/** Every pattern has its id at the second level. */
const ID_LEVEL = 1;

/** Names by pattern, the id left out. */
const NAMES: ReadonlyMap<string, TopicName> = new Map(
  (Object.keys(TOPICS) as TopicName[]).map((name) => [TOPICS[name].pattern.replace(PLACE, ''), name]),
);

/** What a speaker subscribes to: one filter of its own and one for each area it lies in. */
export function speakerSubscriptions(speakerId: string, areas: readonly string[]): string[] {
  return [
    topicOf('order', speakerId).replace(/order$/, '+'),
    ...areas.map((area) => topicOf('areaOrder', area).replace(/order$/, '+')),
  ];
}

/** What the controller subscribes to: everything that speakers send, and nothing of its own. */
export const CONTROLLER_SUBSCRIPTION = `${TOPIC_ROOT}/speaker/+/up/+`;

/** Whether a speaker may publish on a topic: its own, upward. */
export function speakerMayPublish(speakerId: string, topic: string): boolean {
  const parsed = parseTopic(topic);
  return parsed !== undefined && TOPICS[parsed.name].direction === 'up' && parsed.id === speakerId;
}

/** Whether a speaker may subscribe to a filter: exactly those of `speakerSubscriptions`. */
export function speakerMaySubscribe(speakerId: string, areas: readonly string[], filter: string): boolean {
  return speakerSubscriptions(speakerId, areas).includes(filter);
}

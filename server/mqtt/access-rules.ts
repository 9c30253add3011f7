import {
  parseTopic,
  speakerMayPublish,
  speakerMaySubscribe,
  TOPICS,
  type TopicName,
  type UpTopicName,
} from '#protocols';
import type { ConnectionRefusal, PacketRefusal } from './counters.ts';

/** Keep-alive that a connection may ask for, seconds. None at all would let a dead line look alive for ever. */
export const MAX_KEEPALIVE_SECONDS = 1_200;

/** The fields of a CONNECT that the rules look at. */
export interface ConnectFacts {
  readonly clientId: string;
  readonly username: string | undefined;
  readonly keepalive: number | undefined;
  readonly will: PublishFacts | undefined;
}

/** The fields of a PUBLISH, or of a last will, that the rules look at. */
export interface PublishFacts {
  readonly topic: string;
  readonly qos: number;
  readonly retain: boolean;
}

/**
 * What is wrong with a CONNECT before its secret is looked at. A speaker is its user name, and its client id is the
 * same, so that a newer connection of a speaker replaces the older [MQTT-3.1.4-2] and nobody else's.
 */
export function connectRefusal(connect: ConnectFacts): ConnectionRefusal | undefined {
  if (connect.clientId === '' || connect.clientId !== connect.username) return 'client_id';
  const keepalive = connect.keepalive ?? 0;
  if (keepalive === 0 || keepalive > MAX_KEEPALIVE_SECONDS) return 'keepalive';
  const { will } = connect;
  if (will !== undefined && publishRefusal(connect.clientId, will) !== undefined) return 'will';
  // The only will there is says that the connection is gone.
  if (will !== undefined && parseTopic(will.topic)?.name !== 'presence') return 'will';
  return undefined;
}

/** What is wrong with a speaker's message, or undefined. */
export function publishRefusal(speakerId: string, message: PublishFacts): PacketRefusal | undefined {
  if (message.retain) return 'publish_retained';
  if (message.qos > 1) return 'publish_qos';
  return speakerMayPublish(speakerId, message.topic) ? undefined : 'publish';
}

/** Whether a speaker may subscribe to a filter now. */
export function maySubscribe(speakerId: string, areas: readonly string[], filter: string): boolean {
  return speakerMaySubscribe(speakerId, areas, filter);
}

/** Whether the controller's own connection may publish on a topic: what goes down, and nothing else. */
export function controllerMayPublish(topic: string): boolean {
  const parsed = parseTopic(topic);
  return parsed !== undefined && TOPICS[parsed.name].direction === 'down';
}

/** Whether a message may be handed to a speaker: its own, or of an area that it lies in at this moment. */
export function mayReceive(
  speakerId: string,
  areas: readonly string[],
  message: { readonly name: TopicName; readonly id: string },
): boolean {
  if (TOPICS[message.name].direction === 'up') return false;
  return TOPICS[message.name].pattern.startsWith('area/')
    ? areas.includes(message.id)
    : message.id === speakerId;
}

/** Narrows a name of the topic table to what speakers send. */
export function isUpTopic(name: TopicName): name is UpTopicName {
  return TOPICS[name].direction === 'up';
}

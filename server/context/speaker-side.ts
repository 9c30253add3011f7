import type { Clock } from '#kit';
import { type ErrorCode, parseTopic, type SignedWordName } from '#protocols';
import type { ServerConfig } from '../config/index.ts';
import { AnswerIngest } from '../domain/deliveries/answer-ingest.ts';
import { JournalIngest } from '../domain/deliveries/journal-ingest.ts';
import { JournalPositions } from '../domain/deliveries/journal-positions.ts';
import { ProgressRelay } from '../domain/deliveries/progress.ts';
import { ReceiptLock } from '../domain/deliveries/receipt-lock.ts';
import { SpeakerKeys } from '../domain/deliveries/speaker-keys.ts';
import { BroadcastSettler } from '../domain/dispatch/broadcast-settler.ts';
import { Dispatcher } from '../domain/dispatch/dispatcher.ts';
import type { LiveEvents } from '../domain/events/live-events.ts';
import type { TlsSettings } from '../domain/keys/certificates.ts';
import type { KeyService } from '../domain/keys/key-service.ts';
import type { KeyVault } from '../domain/keys/key-vault.ts';
import { RehomeBook } from '../domain/keys/rehome-book.ts';
import type { TimeService } from '../domain/keys/time-service.ts';
import { HeldDocuments } from '../domain/plans/held-documents.ts';
import { HeldHealer } from '../domain/plans/held-healer.ts';
import { AssignmentService } from '../domain/speakers/assignment.ts';
import { ForgedWords } from '../domain/speakers/forged-words.ts';
import { HealthIngest } from '../domain/speakers/health-ingest.ts';
import { HelloService } from '../domain/speakers/hello.ts';
import { PresenceService } from '../domain/speakers/presence.ts';
import type { Storage } from '../domain/unit-of-work.ts';
import type { PendingSpeakers } from '../domain/urgent/pending-acts.ts';
import type { Logger } from '../logger.ts';
import {
  CredentialTable,
  EmbeddedBroker,
  Gateway,
  type MqttConnector,
  MqttListener,
  memoryConnector,
  networkConnector,
  speakerMessages,
} from '../mqtt/index.ts';
import { ownedPublisher } from './owned-publisher.ts';

export interface SpeakerSideOptions {
  readonly config: ServerConfig;
  readonly clock: Clock;
  readonly log: Logger;
  readonly storage: Storage & { readonly owned: boolean };
  readonly events: LiveEvents;
  readonly keys: KeyService;
  readonly vault: KeyVault;
  readonly time: TimeService;
  /** Null: the MQTT port is plain. */
  readonly tls: TlsSettings | null;
  /** What is in force and not in the database yet. */
  readonly pending: PendingSpeakers;
  /** How the controller reaches its broker; by default what the configuration says. */
  readonly connect?: MqttConnector | undefined;
}

export type SpeakerSide = ReturnType<typeof buildSpeakerSide>;

/** Everything between the domain and the loudspeakers, joined but not started. */
export function buildSpeakerSide(options: SpeakerSideOptions) {
  const { config, clock, log, storage, events: live, keys, time, pending } = options;
  const failed = (part: string) => (error: unknown) => log.error({ err: error, part }, 'a part failed');
  const refusedBatches = new Map<ErrorCode, number>();

  const credentials = new CredentialTable();
  const broker =
    config.externalBroker === null ? new EmbeddedBroker({ credentials, onError: failed('broker') }) : null;
  const gateway = new Gateway({
    connect: options.connect ?? connector(config, broker, clock),
    clock,
    admits: (speakerId) => credentials.admits(speakerId),
    onRefused: (topic, code, error) => {
      // A defect of ours and not the message's fault: its trace is wanted.
      if (code === 'server.internal') log.error({ err: error, topic }, 'a message could not be taken');
      else log.debug({ topic, code }, 'message refused');
      if (code === 'message.bad_signature') forgedWords.take(parseTopic(topic)?.id ?? '');
    },
    onDown: (error) => {
      // Without an error it was ended by us.
      if (error !== undefined) log.warn({ reason: error.message }, 'no connection to the broker');
    },
  });
  const listener =
    broker === null || config.mqttPort === null
      ? null
      : new MqttListener({
          broker,
          host: config.host,
          port: config.mqttPort,
          tls: options.tls,
          onError: failed('MQTT port'),
        });

  const publisher = ownedPublisher(gateway, () => storage.owned);
  const shared = { storage, clock, live, areas: credentials };
  const speakerKeys = new SpeakerKeys();
  const positions = new JournalPositions();
  const lock = new ReceiptLock();
  const presence = new PresenceService({ ...shared, onError: failed('presence') });
  const onForged = (name: SignedWordName, speakerId: string) => gateway.forged(name, speakerId);
  const forgedWords = new ForgedWords({
    keys: speakerKeys,
    presence,
    onFirst: (speakerId) =>
      log.warn({ speakerId }, 'somebody speaks in the name of a loudspeaker without its key; told once'),
  });
  const settler = new BroadcastSettler({ storage, clock, live, onError: failed('settler') });
  const dispatcher = new Dispatcher({
    ...shared,
    publisher,
    settler,
    isOnline: (speakerId) => presence.isOnline(speakerId),
    onError: failed('dispatcher'),
  });
  const answers = new AnswerIngest({
    ...shared,
    lock,
    keys: speakerKeys,
    orders: dispatcher.orders,
    observer: dispatcher,
    onForged,
    onError: failed('answers'),
  });
  const journal = new JournalIngest({
    ...shared,
    lock,
    keys: speakerKeys,
    positions,
    publisher,
    observer: dispatcher,
    onRefused: (speakerId, code) => {
      refusedBatches.set(code, (refusedBatches.get(code) ?? 0) + 1);
      log.warn({ speakerId, code }, 'journal batch refused');
    },
    onError: failed('journal'),
  });
  const assignments = new AssignmentService({
    storage,
    clock,
    keys,
    publisher,
    access: credentials,
    endpoints: config.moreUrls,
    streams: config.streamAllow,
    pending,
    onError: failed('assignments'),
  });
  const held = new HeldDocuments();
  const healer = new HeldHealer({
    documents: held,
    publisher,
    areas: credentials,
    clock,
    onError: failed('plan heads and latches'),
  });
  const rehomes = new RehomeBook({
    ...{ vault: options.vault, clock, publisher, areas: credentials, onError: failed('moves') },
  });
  const hellos = new HelloService({
    storage,
    clock,
    publisher,
    presence,
    assignments,
    keys: speakerKeys,
    positions,
    journal,
    dispatcher,
    held: healer,
    pending,
    rehomes,
    // An external broker ends no connection for us: it is not welcomed there, and its messages count for nothing.
    disconnect: (speakerId) => broker?.disconnect(speakerId),
    onForged,
    onError: failed('hello'),
  });
  const health = new HealthIngest({ clock, keys: speakerKeys, hellos, onForged, onError: failed('health') });
  gateway.handle(
    speakerMessages({
      hellos,
      health,
      answers,
      journal,
      presence,
      progress: new ProgressRelay({ live, areas: credentials }),
      time,
      publisher,
      onError: failed('messages'),
    }),
  );
  return {
    credentials,
    broker,
    gateway,
    publisher,
    listener,
    speakerKeys,
    presence,
    settler,
    dispatcher,
    answers,
    journal,
    assignments,
    held,
    healer,
    hellos,
    health,
    rehomes,
    refusedBatches,
  };
}

function connector(config: ServerConfig, broker: EmbeddedBroker | null, clock: Clock): MqttConnector {
  if (broker !== null) return memoryConnector(broker);
  if (config.externalBroker === null) throw new Error('neither an embedded nor an external broker');
  return networkConnector(config.externalBroker, () => clock.now());
}

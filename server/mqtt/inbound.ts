import {
  type Answer,
  answerCodec,
  DomainError,
  type ErrorCode,
  type HealthReport,
  type Hello,
  healthReportCodec,
  helloCodec,
  type JournalBatch,
  journalBatchCodec,
  MAX_PAYLOAD_BYTES,
  type Presence,
  type Progress,
  parseTopic,
  presenceCodec,
  progressCodec,
  type TimeRequest,
  TOPICS,
  timeRequestCodec,
  type UpTopicName,
} from '#protocols';
import { isUpTopic } from './access-rules.ts';

/**
 * Who takes what speakers send, already checked for shape and sender. Every handler returns at once and queues what it
 * cannot do at once: one that waited would hold up all other speakers. What it throws is counted by its code.
 */
export interface SpeakerMessageHandlers {
  hello(speakerId: string, hello: Hello): void;
  answer(speakerId: string, answer: Answer): void;
  /** `bytes`: size of the message, for the bound of the queue. */
  journal(speakerId: string, batch: JournalBatch, bytes: number): void;
  health(speakerId: string, report: HealthReport): void;
  progress(speakerId: string, progress: Progress): void;
  presence(speakerId: string, presence: Presence): void;
  timeRequest(speakerId: string, request: TimeRequest): void;
}

/** What became of one message. */
export type Inbound =
  | { readonly name: UpTopicName; readonly code?: undefined }
  | { readonly name: UpTopicName | undefined; readonly code: ErrorCode; readonly error: unknown };

/** Reads one message and hands it on. Never throws: what is wrong with it comes back as a code. */
export function takeMessage(topic: string, payload: Buffer, handlers: SpeakerMessageHandlers): Inbound {
  const parsed = parseTopic(topic);
  if (parsed === undefined || !isUpTopic(parsed.name)) {
    const error = new DomainError('message.unknown_topic', { topic: topic.slice(0, 200) });
    return { name: undefined, code: error.code, error };
  }
  const { name, id } = parsed;
  try {
    if (payload.length > MAX_PAYLOAD_BYTES)
      throw new DomainError('document.too_large', {
        document: TOPICS[name].says,
        bytes: payload.length,
        limit: MAX_PAYLOAD_BYTES,
      });
    handOn(name, id, payload, handlers);
    return { name };
  } catch (error) {
    return { name, code: error instanceof DomainError ? error.code : 'server.internal', error };
  }
}

function handOn(name: UpTopicName, speakerId: string, payload: Buffer, to: SpeakerMessageHandlers): void {
  switch (name) {
    case 'hello':
      to.hello(speakerId, helloCodec.parse(payload));
      break;
    case 'answer':
      to.answer(speakerId, answerCodec.parse(payload));
      break;
    case 'journal': {
      const batch = journalBatchCodec.parse(payload);
      if (batch.speakerId !== speakerId)
        throw new DomainError('message.wrong_sender', { speakerId, claimed: batch.speakerId });
      to.journal(speakerId, batch, payload.length);
      break;
    }
    case 'health':
      to.health(speakerId, healthReportCodec.parse(payload));
      break;
    case 'progress':
      to.progress(speakerId, progressCodec.parse(payload));
      break;
    case 'presence':
      to.presence(speakerId, presenceCodec.parse(payload));
      break;
    case 'timeRequest':
      to.timeRequest(speakerId, timeRequestCodec.parse(payload));
      break;
    default:
      name satisfies never;
  }
}

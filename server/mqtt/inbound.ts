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
  needsSignature,
  type Presence,
  type Progress,
  parseTopic,
  presenceCodec,
  progressCodec,
  type SignedWordName,
  type SplitWord,
  splitWord,
  type TimeRequest,
  TOPICS,
  timeRequestCodec,
  type UpTopicName,
  wordStatement,
} from '#protocols';
import type { Said } from '../domain/deliveries/proved-words.ts';
import { isUpTopic } from './access-rules.ts';

/**
 * Who takes what speakers send, already checked for shape and sender. Every handler returns at once and queues what it
 * cannot do at once: one that waited would hold up all other speakers. What it throws is counted by its code. `said`: a signature that is
 * there, and not proved yet.
 */
export interface SpeakerMessageHandlers {
  hello(speakerId: string, hello: Hello, said: Said): void;
  answer(speakerId: string, answer: Answer, said: Said): void;
  /** `bytes`: size of the message, for the bound of the queue. */
  journal(speakerId: string, batch: JournalBatch, bytes: number): void;
  /** Undefined: a report that counts without a signature. */
  health(speakerId: string, report: HealthReport, said: Said | undefined): void;
  progress(speakerId: string, progress: Progress): void;
  presence(speakerId: string, presence: Presence): void;
  timeRequest(speakerId: string, request: TimeRequest): void;
}

/** What became of one message. */
export type Inbound =
  | { readonly name: UpTopicName; readonly code?: undefined }
  | { readonly name: UpTopicName | undefined; readonly code: ErrorCode; readonly error: unknown };

/**
 * Reads one message and hands it on, if its loudspeaker may speak; the last will of one that was just barred still counts: it says that the
 * connection ended. Never throws: what is wrong with it comes back as a code.
 */
export function takeMessage(
  topic: string,
  payload: Buffer,
  handlers: SpeakerMessageHandlers,
  admits: (speakerId: string) => boolean,
): Inbound {
  const parsed = parseTopic(topic);
  if (parsed === undefined || !isUpTopic(parsed.name)) {
    const error = new DomainError('message.unknown_topic', { topic: topic.slice(0, 200) });
    return { name: undefined, code: error.code, error };
  }
  const { name, id } = parsed;
  try {
    if (name !== 'presence' && !admits(id)) throw new DomainError('message.barred', { speakerId: id });
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
    case 'hello': {
      const word = splitWord(payload);
      to.hello(speakerId, helloCodec.parse(word.body), saidOf(name, speakerId, word));
      break;
    }
    case 'answer': {
      const word = splitWord(payload);
      to.answer(speakerId, answerCodec.parse(word.body), saidOf(name, speakerId, word));
      break;
    }
    case 'journal': {
      const batch = journalBatchCodec.parse(payload);
      if (batch.speakerId !== speakerId)
        throw new DomainError('message.wrong_sender', { speakerId, claimed: batch.speakerId });
      to.journal(speakerId, batch, payload.length);
      break;
    }
    case 'health': {
      const word = splitWord(payload);
      const report = healthReportCodec.parse(word.body);
      const said = needsSignature(name, report) ? saidOf(name, speakerId, word) : undefined;
      to.health(speakerId, report, said);
      break;
    }
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

/** Of a message that counts only when it is signed. Throws `message.bad_signature` for one without a signature. */
function saidOf(name: SignedWordName, speakerId: string, { body, signature }: SplitWord): Said {
  if (signature === undefined) throw new DomainError('message.bad_signature', { topic: name, speakerId });
  return { statement: wordStatement(name, speakerId, body), signature };
}

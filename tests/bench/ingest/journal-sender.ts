import {
  BATCH_CREDIT,
  chainLine,
  genesis,
  type JournalBatch,
  type JournalFact,
  type JournalPosition,
  journalAckCodec,
  type SigningKey,
  signBatch,
  topicOf,
} from '#protocols';
import { JOURNAL_EPOCH, LightSpeaker, type LightSpeakerIdentity } from '../load/light-speaker.ts';
import { finishedFact } from './receipts.ts';

export interface JournalSenderOptions {
  readonly identity: LightSpeakerIdentity;
  readonly key: SigningKey;
  readonly port: number;
}

/** Lines that a loudspeaker writes of one announcement: ready, started, finished. */
export const LINES_PER_BROADCAST = 3;

/** A light speaker with a journal: real chains and signatures, sent as an agent sends them, within the credit window. */
export class JournalSender {
  readonly #identity: LightSpeakerIdentity;
  readonly #key: SigningKey;
  readonly #speaker: LightSpeaker;
  #position: JournalPosition;
  #batches: JournalBatch[] = [];
  /** Head of each batch. */
  #heads: number[] = [];
  #sent = 0;
  #acknowledged = 0;
  #refused = 0;
  #done: (() => void) | undefined;

  constructor({ identity, key, port }: JournalSenderOptions) {
    this.#identity = identity;
    this.#key = key;
    this.#position = genesis(identity.speakerId, JOURNAL_EPOCH);
    const ackTopic = topicOf('journalAck', identity.speakerId);
    this.#speaker = new LightSpeaker({
      ...{ identity, port, tls: false, hello: true, onOrder: () => {} },
      onMessage: (topic, payload) => {
        if (topic === ackTopic) this.#acknowledge(payload);
      },
    });
  }

  connect(): Promise<void> {
    return this.#speaker.connect();
  }

  close(): void {
    this.#speaker.close();
  }

  /** Writes and signs what it has to tell of these broadcasts, `perBatch` lines under a signature. */
  prepare(broadcastIds: readonly string[], perBatch: number): void {
    const { speakerId } = this.#identity;
    const facts = broadcastIds.flatMap(factsOf);
    this.#batches = [];
    this.#heads = [];
    this.#sent = 0;
    this.#acknowledged = 0;
    for (let from = 0; from < facts.length; from += perBatch) {
      const after = this.#position;
      const lines = facts.slice(from, from + perBatch).map((fact) => {
        const line = chainLine(JOURNAL_EPOCH, this.#position, fact);
        this.#position = line.position;
        return line;
      });
      this.#batches.push(
        signBatch({ speakerId, epoch: JOURNAL_EPOCH, after, oldestSeq: 1 }, lines, this.#key),
      );
      this.#heads.push(this.#position.seq);
    }
  }

  /** Sends what is prepared. Resolves with the last acknowledgement, to the number of times it was sent back. */
  async send(): Promise<number> {
    this.#refused = 0;
    await new Promise<void>((resolve) => {
      this.#done = resolve;
      this.#fill();
    });
    return this.#refused;
  }

  #fill(): void {
    while (this.#sent < this.#batches.length && this.#sent - this.#acknowledged < BATCH_CREDIT)
      this.#speaker.publish('journal', this.#batches[this.#sent++] as JournalBatch);
  }

  #acknowledge(payload: Buffer): void {
    const { seq, code } = journalAckCodec.parse(payload);
    while (this.#acknowledged < this.#heads.length && (this.#heads[this.#acknowledged] as number) <= seq)
      this.#acknowledged += 1;
    if (code !== undefined) {
      this.#refused += 1;
      this.#sent = this.#acknowledged;
    }
    this.#sent = Math.max(this.#sent, this.#acknowledged);
    if (this.#acknowledged === this.#batches.length) this.#done?.();
    else this.#fill();
  }
}

function factsOf(broadcastId: string): JournalFact[] {
  const at = Date.now();
  const finished = finishedFact(broadcastId, at);
  const { orderId, orderHash, contentSha256, plannedAt, play, startErrorMs, output, evidence } = finished;
  const about = { at, clockErrorMs: 8.5, orderId, orderHash, broadcastId, contentSha256, plannedAt };
  return [
    { ...about, kind: 'ready' },
    { ...about, kind: 'started', play, startErrorMs, fromMs: 0, output, evidence },
    finished,
  ] as JournalFact[];
}

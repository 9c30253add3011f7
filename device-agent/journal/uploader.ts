import type { Unsubscribe } from '#kit';
import {
  BATCH_CREDIT,
  type ChainedLine,
  type JournalAck,
  type JournalBatch,
  type JournalPosition,
  MAX_BATCH_BYTES,
  MAX_BATCH_ENTRIES,
  type SigningKey,
  signBatch,
  type Welcome,
} from '#protocols';
import { errorText, type Log } from '../log.ts';
import type { HeldEpoch, Journal } from './journal.ts';

/**
 * Journals that a loudspeaker holds at most before it begins no other on a controller's word: that word is not signed, and each journal takes
 * a file's room. A true controller needs one for each backup that it was restored from; they go with their lines, 30 days after.
 */
export const MOST_EPOCHS = 16;

/** Room in a batch for everything that is not lines. */
const BATCH_HEADER_BYTES = 1024;

interface Progress {
  /** Sent up to here on this connection. */
  sent: number;
  /** Last numbers of the batches under way. */
  readonly flying: number[];
  /** Where a batch was last turned down, so that a controller that never takes it is not asked in a circle. */
  refusedAt: number | undefined;
  /** Nothing more of this epoch is sent on this connection. */
  stuck: boolean;
}

export interface UploaderOptions {
  readonly journal: Journal;
  readonly speakerId: string;
  readonly key: SigningKey;
  readonly log: Log;
  /** Sends one batch; rejects when the connection is gone. */
  readonly send: (batch: JournalBatch) => Promise<void>;
}

/**
 * Brings the journal to the controller while a connection lasts: oldest epoch first, from the last acknowledged line,
 * with at most `BATCH_CREDIT` batches under way. A new connection starts from what the welcome says.
 */
export class JournalUploader {
  readonly #options: UploaderOptions;
  #progress = new Map<string, Progress>();
  #off: Unsubscribe | undefined;
  /** The connection that this is about, and whether a new epoch was begun on its word. */
  #session: { readonly epoch: number; begun: boolean } = { epoch: 0, begun: false };

  constructor(options: UploaderOptions) {
    this.#options = options;
  }

  /** Begins on a new connection. Where the controller holds what we do not, a new epoch is begun first. */
  async begin(welcome: Welcome): Promise<void> {
    this.end();
    const { journal } = this.#options;
    const { epoch } = journal.status;
    const kept = welcome.journal;
    // Other areas bring another welcome on the same connection.
    if (welcome.sessionEpoch !== this.#session.epoch)
      this.#session = { epoch: welcome.sessionEpoch, begun: false };
    let forked: string | undefined;
    if (kept !== null && kept.epoch === epoch && kept.seq > 0) {
      const where = journal.locate(epoch, kept.seq, kept.hash);
      if (where === 'unknown') {
        await this.#beginEpoch('the controller holds entries that are not here');
        // The controller keeps both accounts: what it never acknowledged is sent, and found to be a fork.
        forked = epoch;
      } else await journal.acknowledge(epoch, kept.seq);
    }
    for (const held of journal.epochs) {
      const known = held.epoch === kept?.epoch && held.epoch !== forked;
      const from = known ? kept.seq : held.epoch === epoch && forked === undefined ? 0 : held.ackedSeq;
      this.#progress.set(held.epoch, fresh(Math.max(from, held.start.seq)));
    }
    this.#off = journal.onChange(() => this.#pump());
    this.#pump();
  }

  /** The connection is gone: what was under way counts as not sent. */
  end(): void {
    this.#off?.();
    this.#off = undefined;
    this.#progress = new Map();
  }

  /** Takes an acknowledgement, or a refusal with the position to go on from. */
  async acknowledged(ack: JournalAck): Promise<void> {
    const progress = this.#progress.get(ack.epoch);
    // To what is not sent any more nothing new can be said.
    if (progress === undefined || (progress.stuck && ack.code !== undefined)) return;
    const { journal, log } = this.#options;
    if (ack.code !== undefined) {
      if (progress.refusedAt === ack.seq) {
        log.error('the controller does not take the journal', { code: ack.code, seq: ack.seq });
        this.#progress.set(ack.epoch, { ...fresh(ack.seq), stuck: true });
        this.#pump();
        return;
      }
      log.warn('a journal batch was not taken', { code: ack.code, from: ack.seq });
      const where = journal.locate(ack.epoch, ack.seq, ack.hash);
      if (where === 'unknown') {
        this.#progress.set(ack.epoch, { ...fresh(ack.seq), stuck: true });
        // What is written now does not suffer for an older one.
        if (ack.epoch === journal.status.epoch) await this.#beginEpoch(`the controller answered ${ack.code}`);
        this.#pump();
        return;
      }
      const held = journal.epochs.find(({ epoch }) => epoch === ack.epoch);
      this.#progress.set(ack.epoch, {
        ...fresh(Math.max(ack.seq, held?.start.seq ?? 0)),
        refusedAt: ack.seq,
      });
    } else if (ack.hash === null || journal.locate(ack.epoch, ack.seq, ack.hash) !== 'held')
      log.warn('an acknowledgement names no line of this journal', { epoch: ack.epoch, seq: ack.seq });
    else {
      while (progress.flying[0] !== undefined && progress.flying[0] <= ack.seq) progress.flying.shift();
      progress.refusedAt = undefined;
      await journal.acknowledge(ack.epoch, ack.seq);
    }
    this.#pump();
  }

  /** Once for each connection at most, and only while few are held. Never rejects. */
  async #beginEpoch(why: string): Promise<void> {
    const { journal, log } = this.#options;
    if (this.#session.begun || journal.epochs.length >= MOST_EPOCHS) {
      log.error('the controller contradicts the journal: no other is begun for it', { why });
      return;
    }
    this.#session.begun = true;
    await journal.beginEpoch(why).catch((error) => log.error('a new journal cannot be begun', { error }));
  }

  #pump(): void {
    if (this.#off === undefined) return;
    for (const held of this.#options.journal.epochs) {
      const progress = this.#progress.get(held.epoch) ?? fresh(held.start.seq);
      this.#progress.set(held.epoch, progress);
      while (!progress.stuck && progress.flying.length < BATCH_CREDIT) {
        const lines = nextLines(held, progress.sent);
        const last = lines.at(-1);
        if (last === undefined) break;
        this.#send(held, progress, lines);
        progress.sent = last.position.seq;
        progress.flying.push(last.position.seq);
      }
      // An older epoch first: its end explains the beginning of the next.
      if (progress.flying.length > 0) return;
    }
  }

  #send(held: HeldEpoch, progress: Progress, lines: readonly ChainedLine[]): void {
    const { speakerId, key, log } = this.#options;
    const after = positionBefore(held, progress.sent);
    const oldestSeq = held.start.seq + 1;
    const batch = signBatch({ speakerId, epoch: held.epoch, after, oldestSeq }, lines, key);
    this.#options.send(batch).catch((error) => {
      // The next connection begins anew.
      log.debug('a journal batch was not sent', { reason: errorText(error) });
    });
  }
}

function fresh(sent: number): Progress {
  return { sent, flying: [], refusedAt: undefined, stuck: false };
}

function positionBefore(held: HeldEpoch, seq: number): JournalPosition {
  return seq === held.start.seq ? held.start : (held.lines[seq - held.start.seq - 1]?.position ?? held.start);
}

function nextLines(held: HeldEpoch, sent: number): readonly ChainedLine[] {
  const lines: ChainedLine[] = [];
  let room = MAX_BATCH_BYTES - BATCH_HEADER_BYTES;
  for (const line of held.lines.slice(sent - held.start.seq, sent - held.start.seq + MAX_BATCH_ENTRIES)) {
    // As the line will stand in the message: quoted, with a comma.
    room -= Buffer.byteLength(JSON.stringify(line.line)) + 1;
    if (room < 0) break;
    lines.push(line);
  }
  return lines;
}

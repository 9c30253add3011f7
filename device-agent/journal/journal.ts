import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, Exclusive, Lifecycle, syncFolder, type Unsubscribe } from '#kit';
import {
  type ChainedLine,
  chainLine,
  DomainError,
  genesis,
  type JournalEntry,
  type JournalFact,
  type JournalPosition,
  newId,
} from '#protocols';
import { errorText, type Log } from '../log.ts';
import { isDiskFull } from '../state/files.ts';
import { JournalBook } from './journal-book.ts';
import { type EpochScan, scanEpoch, segmentName } from './scan-epoch.ts';
import { makeSegment, SegmentWriter, storedLine } from './segment.ts';

/** How long acknowledged entries are kept, to be sent again on request. */
const KEPT_MS = 30 * 24 * 3_600_000;

interface Waiting {
  readonly fact: JournalFact;
  readonly resolve: (line: ChainedLine) => void;
  readonly reject: (error: unknown) => void;
}

/** One epoch's lines as they are held, and how far the controller has them. */
export interface HeldEpoch {
  readonly epoch: string;
  /** What the first held line follows. */
  readonly start: JournalPosition;
  readonly lines: readonly ChainedLine[];
  /** Stored by the controller up to this entry. */
  readonly ackedSeq: number;
  readonly current: boolean;
}

export interface JournalOptions {
  readonly folder: string;
  readonly speakerId: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Tells the controllers of this loudspeaker apart (see `HomeInForce`). */
  readonly home?: string | undefined;
  /** Room taken at a time; two segments are there at any moment. */
  readonly segmentBytes?: number;
}

interface LiveEpoch {
  readonly epoch: string;
  start: JournalPosition;
  lines: ChainedLine[];
}

/**
 * The loudspeaker's account of what it did. A line counts when it is fsynced; many callers at once share one fsync.
 *
 * INVARIANTS
 * - Lines of an epoch are never changed once believed; what a crash tore off was never believed.
 * - A damaged file, or a controller that holds lines which we do not, ends the epoch: a new one begins, and the good
 *   lines of the old one are still sent.
 * - There is always a second, empty segment, so that a full disk does not silence the journal at once.
 */
export class Journal extends Lifecycle {
  readonly #options: JournalOptions;
  readonly #book: JournalBook;
  readonly #segmentBytes: number;
  readonly #listeners = new Set<() => void>();
  #epochs: LiveEpoch[] = [];
  #writer: SegmentWriter | undefined;
  #waiting: Waiting[] = [];
  /** Whatever touches the files does so alone. */
  readonly #files = new Exclusive();
  #committing = false;
  #broken: unknown;

  constructor(options: JournalOptions) {
    super();
    this.#options = options;
    this.#segmentBytes = options.segmentBytes ?? 256 * 1024;
    this.#book = new JournalBook(join(options.folder, 'book.json'), options.log, options.home);
  }

  protected override async onStart(): Promise<void> {
    const { folder, clock, log } = this.#options;
    await mkdir(folder, { recursive: true });
    await this.#book.load(clock.now());
    this.#epochs = [];
    this.disposers.defer('the journal file', async () => {
      await this.#writer?.close();
      this.#writer = undefined;
    });
    let last: EpochScan | undefined;
    for (const epoch of await this.#epochNames()) {
      last = await scanEpoch(join(folder, epoch), this.#options.speakerId, epoch);
      this.#epochs.push({ epoch, start: last.start, lines: [...last.lines] });
      if (last.damage !== undefined && !this.#book.isClosed(epoch))
        log.error('the journal is damaged: a new one is begun', { epoch, damage: last.damage });
    }
    await this.#openLast(last);
    this.disposers.defer('writing', () => this.idle());
  }

  /** Position of the newest line of the epoch that is written now. */
  get head(): JournalPosition {
    const { start, lines } = this.#current();
    return lines.at(-1)?.position ?? start;
  }

  /** What hello and health say of the journal. */
  get status(): { epoch: string; oldestSeq: number; lastSeq: number; lastHash: string } {
    const { epoch, start } = this.#current();
    const { seq, hash } = this.head;
    return { epoch, oldestSeq: start.seq + 1, lastSeq: seq, lastHash: hash };
  }

  /** Why nothing can be written now, or undefined when all is well. */
  get failure(): unknown {
    return this.#broken;
  }

  /** After a failure: tries whether the disk takes anything again. Never rejects. */
  async probe(): Promise<void> {
    await this.#files.run(async () => {
      if (this.#broken === undefined) return;
      try {
        await this.#ensureSpare();
        await this.#writer?.append('');
        this.#broken = undefined;
      } catch (error) {
        this.#broken = error;
      }
    });
  }

  /** Every epoch that is held, oldest first; the last is the one that is written. */
  get epochs(): readonly HeldEpoch[] {
    return this.#epochs.map(({ epoch, start, lines }, i) => ({
      epoch,
      start,
      lines,
      ackedSeq: this.#book.ackedSeq(epoch),
      current: i === this.#epochs.length - 1,
    }));
  }

  /** Entries of all held epochs, oldest first. */
  *entries(): Generator<JournalEntry> {
    for (const { lines } of this.#epochs) for (const { entry } of lines) yield entry;
  }

  /** Calls back after lines were added or acknowledged. */
  onChange(listener: () => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Writes one entry; resolves when it is durable. Rejects with `storage.disk_full` or the disk's own error. */
  append(fact: JournalFact): Promise<ChainedLine> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ fact, resolve, reject });
      if (this.#committing) return;
      this.#committing = true;
      this.background(this.#commitAll(), (error) =>
        this.#options.log.error('the journal stopped', { error }),
      );
    });
  }

  /** The controller has everything of this epoch up to `seq`. What it never had cannot be acknowledged. */
  async acknowledge(epoch: string, seq: number): Promise<void> {
    const held = this.#epochs.find((one) => one.epoch === epoch);
    if (held === undefined) return;
    const last = held.lines.at(-1)?.position.seq ?? held.start.seq;
    const news = await this.#book.acknowledge(epoch, Math.min(seq, last)).catch((error) => {
      // At worst a restart sends again what the controller already has.
      this.#options.log.warn('an acknowledgement could not be stored', { error });
      return true;
    });
    if (news) this.#changed();
  }

  /** Where a position lies in an epoch that is held: known, older than what is held, or contradicting it. */
  locate(epoch: string, seq: number, hash: string | null): 'held' | 'before' | 'unknown' {
    const held = this.#epochs.find((one) => one.epoch === epoch);
    if (held === undefined) return 'unknown';
    if (seq < held.start.seq) return 'before';
    const known = seq === held.start.seq ? held.start : held.lines[seq - held.start.seq - 1]?.position;
    if (known === undefined) return 'unknown';
    return hash === null || known.hash === hash ? 'held' : 'unknown';
  }

  /** Ends the epoch and begins another: for a controller that holds lines which we do not. */
  async beginEpoch(why: string): Promise<void> {
    this.#options.log.warn('a new journal is begun', { why });
    await this.#files.run(() => this.#newEpoch());
    this.#changed();
  }

  /** Removes whole segments of entries that were acknowledged and are older than 30 days at `now`, a trusted time. */
  async prune(now: number): Promise<void> {
    const before = now - KEPT_MS;
    for (const live of [...this.#epochs]) {
      const current = live === this.#epochs.at(-1);
      const acked = this.#book.ackedSeq(live.epoch);
      const old = live.lines.findIndex(({ entry, position }) => entry.at >= before || position.seq > acked);
      const cut = old === -1 ? live.lines.length : old;
      const folder = join(this.#options.folder, live.epoch);
      if (!current && cut === live.lines.length) {
        await rm(folder, { recursive: true, force: true });
        this.#epochs = this.#epochs.filter((one) => one !== live);
        await this.#book.forget(live.epoch);
      } else if (cut > 0) await this.#pruneSegments(live, folder, live.start.seq + cut);
    }
  }

  async #pruneSegments(live: LiveEpoch, folder: string, lastToGo: number): Promise<void> {
    const firsts = (await readdir(folder)).filter((name) => name.endsWith('.log')).sort();
    for (const [i, name] of firsts.entries()) {
      const next = firsts[i + 1];
      // The segment that is written stays, and so does one that holds a line to be kept.
      if (next === undefined || Number.parseInt(next, 10) - 1 > lastToGo) return;
      await rm(join(folder, name), { force: true });
      const goes = Number.parseInt(next, 10) - 1 - live.start.seq;
      const newStart = live.lines[goes - 1]?.position;
      if (newStart === undefined) return;
      live.start = newStart;
      live.lines = live.lines.slice(goes);
    }
  }

  #current(): LiveEpoch {
    const current = this.#epochs.at(-1);
    if (current === undefined) throw new Error('the journal was not started');
    return current;
  }

  async #epochNames(): Promise<string[]> {
    const names = await readdir(this.#options.folder, { withFileTypes: true });
    // Ids begin with their time: in order of names is in order of age. Anything else here (lost+found) is not ours.
    return names
      .filter((entry) => entry.isDirectory() && entry.name.startsWith('jnl_'))
      .map(({ name }) => name)
      .sort();
  }

  async #openLast(last: EpochScan | undefined): Promise<void> {
    const current = this.#epochs.at(-1);
    const whole = current !== undefined && last !== undefined && last.damage === undefined;
    const lastSeq = last?.lines.at(-1)?.position.seq ?? last?.start.seq ?? 0;
    const acked = current === undefined ? 0 : this.#book.ackedSeq(current.epoch);
    if (!whole || last.tail === undefined || this.#book.isClosed(current.epoch) || acked > lastSeq) {
      await this.#newEpoch().catch((error) => {
        // A full disk: nothing planned is played until the journal can be written, but an emergency is.
        this.#broken = error;
        this.#options.log.error('the journal cannot be begun', { error });
      });
      return;
    }
    const path = join(this.#options.folder, current.epoch, last.tail.name);
    if (last.tail.text.torn)
      this.#options.log.warn('the end of the journal was torn off and is cut', { after: lastSeq });
    this.#writer = await SegmentWriter.open(path, last.tail.text);
    await this.#tryForSpare();
  }

  async #newEpoch(): Promise<void> {
    const { clock, speakerId } = this.#options;
    const before = this.#epochs.at(-1);
    if (before !== undefined)
      await this.#book
        .close(before.epoch)
        .catch((error) => this.#options.log.warn('the end of a journal could not be noted', { error }));
    const newest = before?.epoch ?? '';
    // After a step back of the clock the new name must still sort last.
    let epoch = newId('jnl', clock.now());
    for (let ahead = 1; epoch <= newest; ahead *= 2) epoch = newId('jnl', clock.now() + ahead * 86_400_000);
    this.#epochs.push({ epoch, start: genesis(speakerId, epoch), lines: [] });
    await this.#writer?.close();
    this.#writer = undefined;
    await this.#nextSegment();
  }

  /** Continues in a fresh segment: the spare one where there is one. */
  async #nextSegment(): Promise<void> {
    const { epoch } = this.#current();
    // What a failed write may have left behind must not be read as lines later on.
    await this.#writer?.clean();
    await this.#ensureSpare();
    await mkdir(join(this.#options.folder, epoch), { recursive: true });
    const path = join(this.#options.folder, epoch, segmentName(this.head.seq + 1));
    await rename(join(this.#options.folder, 'spare'), path);
    await syncFolder(join(this.#options.folder, epoch));
    await syncFolder(this.#options.folder);
    const { size } = await stat(path);
    await this.#writer?.close();
    this.#writer = await SegmentWriter.open(path, { lines: [], used: 0, torn: false, size });
    await this.#tryForSpare();
  }

  async #tryForSpare(): Promise<void> {
    await this.#ensureSpare().catch((error) =>
      this.#options.log.warn('no room for the journal’s next file', { reason: errorText(error) }),
    );
  }

  async #ensureSpare(): Promise<void> {
    const spare = join(this.#options.folder, 'spare');
    const names = await readdir(this.#options.folder);
    if (names.includes('spare')) return;
    await makeSegment(`${spare}.new`, this.#segmentBytes);
    await rename(`${spare}.new`, spare);
    await syncFolder(this.#options.folder);
  }

  async #commitAll(): Promise<void> {
    try {
      for (let group = this.#waiting; group.length > 0; group = this.#waiting) {
        this.#waiting = [];
        await this.#files.run(() => this.#commit(group));
      }
    } finally {
      this.#committing = false;
    }
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    const { epoch } = this.#current();
    const facts = group.map(({ fact }) => fact);
    let taken = group.length;
    let lines: readonly ChainedLine[];
    try {
      const [first = ''] = chainLines(epoch, this.head, facts.slice(0, 1)).map(storedLine);
      const writer = await this.#writerWithRoom(Buffer.byteLength(first));
      lines = linesThatFit(chainLines(epoch, this.head, facts), writer.free);
      taken = lines.length;
      this.#waiting = [...group.slice(taken), ...this.#waiting];
      await writer.append(lines.map(storedLine).join(''));
    } catch (error) {
      this.#broken = error;
      const failure = isDiskFull(error)
        ? new DomainError('storage.disk_full', { file: 'journal' }, { cause: error })
        : error;
      for (const { reject } of group.slice(0, taken)) reject(failure);
      return;
    }
    this.#broken = undefined;
    this.#current().lines.push(...lines);
    for (const [i, line] of lines.entries()) group[i]?.resolve(line);
    this.#changed();
  }

  async #writerWithRoom(bytes: number): Promise<SegmentWriter> {
    if (this.#writer === undefined || this.#writer.free < bytes) await this.#nextSegment();
    if (this.#writer === undefined) throw new Error('the journal is closed');
    return this.#writer;
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

function chainLines(epoch: string, head: JournalPosition, facts: readonly JournalFact[]): ChainedLine[] {
  let after = head;
  return facts.map((fact) => {
    const line = chainLine(epoch, after, fact);
    after = line.position;
    return line;
  });
}

/** As many lines as go into the room that was taken: at least one, the caller having seen to it. */
function linesThatFit(lines: readonly ChainedLine[], free: number): readonly ChainedLine[] {
  let room = free;
  const end = lines.findIndex((line) => {
    room -= Buffer.byteLength(storedLine(line));
    return room < 0;
  });
  return end === -1 ? lines : lines.slice(0, Math.max(1, end));
}

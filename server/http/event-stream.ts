import type { ServerResponse } from 'node:http';
import { type Clock, repeat } from '#kit';
import type { EventHub, NumberedEvent } from '../domain/events/event-hub.ts';
import type { LiveEvent } from '../domain/events/live-events.ts';

/** Events in one write; then others get a turn. */
const EVENTS_PER_WRITE = 200;
/** A connection that has this much unsent is too slow: it is closed, comes back and resumes. */
const MOST_UNSENT_BYTES = 1024 * 1024;
const HEARTBEAT_MS = 15_000;
/** A reader whose session or token has ended hears nothing any more, and is let go within this. */
const CHECK_MS = 1_000;

export interface EventStreamOptions {
  readonly hub: EventHub;
  readonly clock: Clock;
  readonly response: ServerResponse;
  readonly lastEventId: string | undefined;
  /** Whether an event is for the reader, asked at each one. */
  readonly sees: (event: LiveEvent) => boolean;
  /** Whether the reader is still let in, asked each second. */
  readonly holds: () => boolean;
  readonly onClose: () => void;
}

/**
 * One reader of the live events (server-sent events, HTML §9.2). It reads from the hub's ring at its own pace: what it has not
 * taken is not queued for it, and when it falls out of the ring it is told to load afresh (`resync`).
 */
export class EventStream {
  readonly #options: EventStreamOptions;
  #next: number;
  #scheduled = false;
  #waiting = false;
  #closed = false;
  readonly #release: (() => void)[] = [];

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#next = 0;
  }

  open(): void {
    const { hub, clock, response, lastEventId } = this.#options;
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // When it ends, the connection ends: the next request of this client must not wait behind it.
      connection: 'close',
      'x-accel-buffering': 'no',
    });
    const position = hub.after(lastEventId);
    this.#next = position.next;
    // The id tells a reader that saw no event yet from where to resume.
    const start = `id: ${hub.idBefore(this.#next)}\n`;
    response.write(
      position.lost
        ? `retry: 2000\n${start}event: resync\ndata: {}\n\n`
        : `retry: 2000\n${start}event: hello\ndata: {}\n\n`,
    );
    this.#release.push(hub.onPublish(() => this.#schedule()));
    const heartbeat = repeat(
      clock,
      'event stream heartbeat',
      HEARTBEAT_MS,
      () => this.#write(': \n\n'),
      () => this.close(),
    );
    const check = repeat(
      clock,
      'event stream reader',
      CHECK_MS,
      () => this.#check(),
      () => this.close(),
    );
    this.#release.push(
      () => heartbeat.cancel(),
      () => check.cancel(),
    );
    response.on('close', () => this.close());
    response.on('error', () => this.close());
    response.on('drain', () => {
      this.#waiting = false;
      this.#schedule();
    });
    this.#schedule();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const release of this.#release.splice(0)) release();
    this.#options.response.end();
    this.#options.onClose();
  }

  #check(): void {
    if (!this.#options.holds()) this.close();
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting || this.#closed) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#closed || this.#waiting) return;
    const { hub, sees } = this.#options;
    const events = hub.read(this.#next, EVENTS_PER_WRITE);
    if (events === undefined) {
      this.#next = hub.end;
      this.#write(`id: ${hub.idBefore(this.#next)}\nevent: resync\ndata: {}\n\n`);
      return;
    }
    const last = events.at(-1);
    if (last === undefined) return;
    this.#next = last.n + 1;
    const text = events
      .filter(({ event }) => sees(event))
      .map((numbered) => this.#format(numbered))
      .join('');
    if (text !== '') this.#write(text);
    if (this.#next < hub.end) this.#schedule();
  }

  #format({ n, event }: NumberedEvent): string {
    return `id: ${this.#options.hub.idBefore(n + 1)}\nevent: ${event.name}\ndata: ${JSON.stringify(event.data)}\n\n`;
  }

  #write(text: string): void {
    const { response } = this.#options;
    if (this.#closed) return;
    if (response.writableLength > MOST_UNSENT_BYTES) {
      response.destroy();
      this.close();
      return;
    }
    if (!response.write(text)) this.#waiting = true;
  }
}

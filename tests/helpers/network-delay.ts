import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Uniform numbers in [0, 1), the same for the same seed (splitmix32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** Seen from the client: `up` to the target, `down` from it. */
export type Direction = 'up' | 'down';

export interface DelayProxyOptions {
  readonly target: { readonly host?: string; readonly port: number };
  /** Each chunk is held for 0 to this many ms, uniformly, each way on its own; 0 passes chunks on at once. */
  readonly maxDelayMs?: number;
  /** Decides all delays; each connection and direction draws from its own series. */
  readonly seed?: number;
  /** Another law than the uniform one: ms for the next chunk. `random` is the series of this connection and direction. */
  readonly delayMs?: (direction: Direction, random: () => number) => number;
}

/** What waits in one direction before the sender is held back. */
const MAX_WAITING_BYTES = 1 << 20;

/**
 * A TCP proxy on the loopback that makes a bad network: varying delay each way (order within a direction is kept,
 * as TCP keeps it), connections that break, and links that are up but pass nothing.
 */
export class DelayProxy {
  readonly #options: DelayProxyOptions;
  readonly #server: Server;
  readonly #links = new Set<Link>();
  #opened = 0;
  #refusing = false;
  #stalled = false;

  constructor(options: DelayProxyOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => this.#accept(client));
  }

  /** Listens on a free loopback port. */
  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#links.size;
  }

  /** Breaks every connection with a reset; with `refuse`, new ones are reset too until `restore`. */
  cut(options: { readonly refuse?: boolean } = {}): void {
    this.#refusing = options.refuse ?? false;
    for (const link of this.#links) link.reset();
  }

  /** Keeps all bytes back, in old and new connections, until `restore`: the line is dead but nobody says so. */
  stall(): void {
    this.#stalled = true;
    for (const link of this.#links) link.stall(true);
  }

  /** Ends `cut({ refuse: true })` and `stall`; what was kept back goes out in order. */
  restore(): void {
    this.#refusing = false;
    this.#stalled = false;
    for (const link of this.#links) link.stall(false);
  }

  #accept(client: Socket): void {
    if (this.#refusing) {
      client.on('error', () => undefined);
      client.resetAndDestroy();
      return;
    }
    const {
      target,
      maxDelayMs = 0,
      seed = 1,
      delayMs = (_, random) => random() * maxDelayMs,
    } = this.#options;
    const number = this.#opened++;
    const server = connect({
      host: target.host ?? '127.0.0.1',
      port: target.port,
      noDelay: true,
      allowHalfOpen: true,
    });
    const delayOf = (direction: Direction, index: number) => {
      const random = seededRandom(seed * 7_919 + number * 2 + index);
      return () => delayMs(direction, random);
    };
    const link: Link = new Link(client, server, [delayOf('up', 0), delayOf('down', 1)], () =>
      this.#links.delete(link),
    );
    this.#links.add(link);
    link.stall(this.#stalled);
  }
}

/** One connection: two sockets and a lane each way. */
class Link {
  readonly #sockets: readonly [Socket, Socket];
  readonly #lanes: readonly [Lane, Lane];

  constructor(
    client: Socket,
    server: Socket,
    delays: readonly [() => number, () => number],
    onClosed: () => void,
  ) {
    this.#sockets = [client, server];
    this.#lanes = [new Lane(client, server, delays[0]), new Lane(server, client, delays[1])];
    let open = 2;
    for (const socket of this.#sockets) {
      // A break on one side reaches the other; what was still held is lost, as on a real line.
      socket.on('error', () => this.reset());
      socket.on('close', () => {
        open -= 1;
        if (open === 0) onClosed();
      });
    }
  }

  stall(stalled: boolean): void {
    for (const lane of this.#lanes) lane.stall(stalled);
  }

  reset(): void {
    for (const lane of this.#lanes) lane.stop();
    for (const socket of this.#sockets) if (!socket.destroyed) socket.resetAndDestroy();
  }
}

/** One direction: chunks go out in order, each no earlier than its own delay allows. `null` is the end. */
class Lane {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #waiting: { readonly chunk: Buffer | null; readonly dueMs: number }[] = [];
  #bytes = 0;
  #stalled = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, delayMs: () => number) {
    this.#from = from;
    this.#to = to;
    const take = (chunk: Buffer | null) => {
      this.#waiting.push({ chunk, dueMs: performance.now() + delayMs() });
      this.#bytes += chunk?.length ?? 0;
      if (this.#bytes > MAX_WAITING_BYTES) from.pause();
      this.#pass();
    };
    from.on('data', take);
    from.on('end', () => take(null));
  }

  stall(stalled: boolean): void {
    this.#stalled = stalled;
    if (!stalled) this.#pass();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
  }

  #pass(): void {
    clearTimeout(this.#timer);
    if (this.#stalled) return;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const waitMs = next.dueMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#pass(), waitMs);
        return;
      }
      this.#waiting.shift();
      this.#bytes -= next.chunk?.length ?? 0;
      if (next.chunk === null) this.#to.end();
      else this.#to.write(next.chunk);
    }
    if (this.#from.isPaused()) this.#from.resume();
  }
}

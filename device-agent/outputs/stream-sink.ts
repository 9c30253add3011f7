import { constants, open } from 'node:fs';
import { connect, Socket } from 'node:net';
import { promisify } from 'node:util';
import type { PcmSink } from './timed-session.ts';

/** An observer that has fallen behind by this much (over ten seconds) has stopped reading. */
const UNREAD_LIMIT_BYTES = 1_000_000;

/** Sound for an observer in another process: raw PCM, each block at the moment when its first frame is due. */
export class StreamSink implements PcmSink {
  readonly #socket: Socket;
  #error: Error | undefined;

  /** Connects to a Unix socket on which an observer listens; every session is a connection of its own. */
  static async connect(path: string): Promise<StreamSink> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new StreamSink(socket);
  }

  /** Opens a FIFO that an observer is reading; without a reader it fails at once (ENXIO) instead of waiting. */
  static async openFifo(path: string): Promise<StreamSink> {
    const fd = await promisify(open)(path, constants.O_WRONLY | constants.O_NONBLOCK);
    return new StreamSink(new Socket({ fd, readable: false, writable: true }));
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.resume();
  }

  async write(pcm: Uint8Array): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    if (!this.#socket.writable) throw new Error('the observer has gone');
    this.#socket.write(pcm);
    if (this.#socket.writableLength > UNREAD_LIMIT_BYTES) throw new Error('the observer has stopped reading');
  }

  async close(): Promise<void> {
    if (this.#socket.destroyed) return;
    await new Promise<void>((resolve) => {
      this.#socket.once('close', () => resolve());
      this.#socket.end(() => this.#socket.destroy());
      if (this.#socket.writableLength > UNREAD_LIMIT_BYTES) this.#socket.destroy();
    });
  }
}

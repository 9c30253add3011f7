import type { IncomingMessage } from 'node:http';
import Type from 'typebox';
import { type Clock, Exclusive } from '#kit';
import { codec, MAX_DOCUMENT_BYTES, type TimeReply, timeReplyCodec, verifyDocument } from '#protocols';
import type { TimeSample } from '../clock/index.ts';
import type { ContentOrigin } from '../content-origin.ts';
import type { KeyStore } from '../state/key-store.ts';
import { bodyOf, type GetOptions, httpGet } from './http-get.ts';

const statementsCodec = codec(
  'key statements',
  Type.Object({ statements: Type.Array(Type.String({ maxLength: MAX_DOCUMENT_BYTES }), { maxItems: 1000 }) }),
);

const rehomesCodec = codec(
  'moves to other controllers',
  Type.Object({ rehomes: Type.Array(Type.String({ maxLength: MAX_DOCUMENT_BYTES }), { maxItems: 100 }) }),
);

/** Largest answer of statements: a hundred rotations and more. */
const STATEMENTS_LIMIT = 4 * 1024 * 1024;

/** Proves a time reply to this nonce. Throws what `verifyDocument` throws, or an error for another nonce. */
export async function verifyTimeReply(compact: string, nonce: string, keys: KeyStore): Promise<TimeReply> {
  const { payload } = await verifyDocument('time', compact, keys.ring);
  const reply = timeReplyCodec.parse(payload);
  if (reply.nonce !== nonce) throw new Error('the time reply carries another nonce');
  return reply;
}

export interface ControllerHttpOptions {
  readonly endpoints: Pick<ContentOrigin, 'url' | 'agent'>;
  readonly clock: Clock;
  readonly keys: KeyStore;
}

/**
 * What a loudspeaker asks of the controller before it connects, over a connection that carries no secret: the key
 * statements, and the time signed by a key that they name.
 */
export class ControllerHttp {
  readonly #endpoints: ControllerHttpOptions['endpoints'];
  readonly #clock: Clock;
  readonly #keys: KeyStore;
  readonly #updates = new Exclusive();

  constructor(options: ControllerHttpOptions) {
    this.#endpoints = options.endpoints;
    this.#clock = options.clock;
    this.#keys = options.keys;
  }

  /** Fetches the statements after those held, and takes what proves itself. */
  updateKeys(signal: AbortSignal): Promise<number> {
    // One at a time: link and time keeper both ask at the start.
    return this.#updates.run(() => this.#updateKeys(signal));
  }

  /** Documents that move loudspeakers to another controller. None of a controller that knows no such thing. */
  async rehomes(signal: AbortSignal): Promise<readonly string[]> {
    const response = await this.#get('/api/v1/keys/rehomes', { signal, idleMs: 10_000 });
    if (response.statusCode === 404) {
      response.destroy();
      return [];
    }
    return rehomesCodec.parse(await bodyOf(response, STATEMENTS_LIMIT)).rehomes;
  }

  async #updateKeys(signal: AbortSignal): Promise<number> {
    const path = `/api/v1/keys/statements?after=${this.#keys.ring.n}`;
    const body = await bodyOf(await this.#get(path, { signal, idleMs: 10_000 }), STATEMENTS_LIMIT);
    return this.#keys.extend(statementsCodec.parse(body).statements);
  }

  /** One signed time exchange. Without a known time key the statements are fetched first. */
  async time(nonce: string, signal: AbortSignal): Promise<TimeSample> {
    if (this.#keys.ring.n === 0) await this.updateKeys(signal);
    let sentAt = this.#clock.monotonic();
    const response = await this.#get(`/api/v1/time?nonce=${nonce}`, {
      signal,
      idleMs: 10_000,
      onSent: () => {
        sentAt = this.#clock.monotonic();
      },
    });
    const receivedAt = this.#clock.monotonic();
    const compact = (await bodyOf(response, MAX_DOCUMENT_BYTES)).toString('latin1');
    const reply = await verifyTimeReply(compact, nonce, this.#keys);
    return { sentAt, serverReceivedAt: reply.receivedAt, serverSentAt: reply.sentAt, receivedAt };
  }

  /**
   * Asks over TLS, and over a plain connection where the certificate is refused for its dates alone: then our clock, or the controller's, is wrong. What is asked
   * for here is public, and what comes proves itself.
   */
  async #get(path: string, options: GetOptions): Promise<IncomingMessage> {
    const { url, agent } = this.#endpoints;
    try {
      return await httpGet(url + path, { ...options, agent });
    } catch (error) {
      if (!isAboutDates(error)) throw error;
      for (const plain of plainAddresses(url)) {
        const response = await httpGet(plain + path, options).catch(() => undefined);
        if (response?.statusCode === 200) return response;
        response?.destroy();
      }
      throw error;
    }
  }
}

/** A certificate that is not valid yet, or not any more, by the machine's clock. */
function isAboutDates(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED';
}

/** Where a controller answers without TLS: on its own port, or on port 80 of a reverse proxy. */
function plainAddresses(url: string): string[] {
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== 'https:') return [];
  return [`http://${hostname}:${port || '443'}`, `http://${hostname}:80`];
}

import { request as httpRequest, type IncomingMessage } from 'node:http';
import { type Agent as HttpsAgent, request as httpsRequest } from 'node:https';

/** One request to the controller: a GET, unless it has a body. */
export interface GetOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** JSON text, sent as a POST. */
  readonly body?: string;
  /** The certificate proves nothing here: only for what is proved otherwise. */
  readonly anyCertificate?: true;
  /** Makes the connections to an https address. */
  readonly agent?: HttpsAgent | undefined;
  /** Nothing heard for so long ends it. */
  readonly idleMs?: number;
  /** Called when the request has been handed to the socket: when its time counts. */
  readonly onSent?: () => void;
}

/** Asks and resolves with the answer's head; the body is the caller's to read or destroy. */
export function httpGet(url: string, options: GetOptions): Promise<IncomingMessage> {
  const { headers = {}, signal, idleMs = 30_000, onSent, body, anyCertificate, agent } = options;
  const secure = url.startsWith('https:');
  return new Promise((resolve, reject) => {
    const settings = {
      ...{ headers, signal, timeout: idleMs },
      ...(body === undefined
        ? { method: 'GET' }
        : { method: 'POST', headers: { ...headers, 'content-type': 'application/json' } }),
    };
    const trust = { ...(agent && { agent }), ...(anyCertificate && { rejectUnauthorized: false }) };
    const request = secure ? httpsRequest(url, { ...settings, ...trust }) : httpRequest(url, settings);
    request.on('timeout', () => request.destroy(new Error(`nothing heard for ${idleMs} ms`)));
    request.once('error', reject);
    request.once('response', (response) => {
      // From here a broken connection shows on the body.
      request.on('error', () => undefined);
      resolve(response);
    });
    // A connection that must be made first, or looked up, is no part of the request's way.
    if (onSent !== undefined)
      request.once('socket', (socket) => {
        if (socket.connecting) socket.once(secure ? 'secureConnect' : 'connect', onSent);
        else onSent();
      });
    request.end(body);
  });
}

/** A body of at most `limit` bytes. Rejects, and lets go of the connection, when there is more or the status is not 200. */
export async function bodyOf(response: IncomingMessage, limit: number): Promise<Buffer> {
  if (response.statusCode !== 200) {
    response.destroy();
    throw new Error(`the controller answered ${response.statusCode}`);
  }
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > limit) {
      response.destroy();
      throw new Error(`the controller answered with more than ${limit} bytes`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}

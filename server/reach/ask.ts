import { randomBytes } from 'node:crypto';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import Type from 'typebox';
import { codec } from '#protocols';

/** Where it went wrong: name, connection, certificate, another server, or MQTT over WebSocket behind the right one. */
export type ReachStep = 'name' | 'connection' | 'certificate' | 'server' | 'mqtt';

export type ReachResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly step: ReachStep; readonly reason: string };

export interface AskOptions {
  /** HTTP address, without trailing slash. */
  readonly url: string;
  /** Authority beside the public ones' place, PEM; null: public ones count. */
  readonly ca: string | null;
  /** What our own process answers to a nonce. */
  readonly proof: (nonce: string) => string;
  /** Whether our own broker stands at `/mqtt`. */
  readonly mqtt: boolean;
  /** Loudspeakers show a certificate there, which we have none of: being asked for it is the right answer. */
  readonly clientCertificates: boolean;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 15_000;
const BODY_LIMIT = 64 * 1024;
const aliveCodec = codec('answer', Type.Object({ self: Type.String() }));

const NAME_CODES = ['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA', 'EAI_NONAME', 'EAI_FAIL'];
const CERTIFICATE =
  /^(?:CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|ERR_TLS_|ERR_SSL_|EPROTO)/;

/** Asks our own public address as a loudspeaker does: HTTP first, which has to be answered by this very process, then MQTT's upgrade. Never throws but for an abort. */
export async function askPublicAddress(options: AskOptions): Promise<ReachResult> {
  const nonce = randomBytes(24).toString('base64url');
  try {
    const response = await send(options, `/healthz?nonce=${nonce}`, {});
    const body = await textOf(response);
    if (response.statusCode !== 200 || selfIn(body) !== options.proof(nonce))
      return failed('server', `it answers ${response.statusCode}, and not as this controller`);
    return options.mqtt ? await askMqtt(options) : { ok: true };
  } catch (error) {
    options.signal.throwIfAborted();
    return failure(error);
  }
}

async function askMqtt(options: AskOptions): Promise<ReachResult> {
  const headers = {
    ...{ connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' },
    ...{ 'sec-websocket-protocol': 'mqtt', 'sec-websocket-key': randomBytes(16).toString('base64') },
  };
  const response = await send(options, '/mqtt', headers);
  response.destroy();
  const { statusCode } = response;
  if (statusCode === 101 || (options.clientCertificates && statusCode === 403)) return { ok: true };
  return failed('mqtt', `/mqtt answers ${statusCode} where a WebSocket is asked for`);
}

function send(
  { url, ca, signal }: AskOptions,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<IncomingMessage> {
  const settings: RequestOptions & { ca?: string } = {
    ...{ headers, signal, agent: false, timeout: TIMEOUT_MS },
    ...(ca === null ? {} : { ca }),
  };
  return new Promise((resolve, reject) => {
    const request = (url.startsWith('https:') ? httpsRequest : httpRequest)(url + path, settings);
    request.on('timeout', () => request.destroy(new Error(`nothing was heard for ${TIMEOUT_MS / 1000} s`)));
    request.on('error', reject);
    request.once('response', resolve);
    request.once('upgrade', (response, socket) => {
      socket.on('error', () => undefined);
      socket.destroy();
      resolve(response);
    });
    request.end();
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of response.setEncoding('utf8') as AsyncIterable<string>) {
    text += part;
    if (text.length > BODY_LIMIT) {
      response.destroy();
      break;
    }
  }
  return text;
}

function selfIn(body: string): string | undefined {
  try {
    return aliveCodec.parse(body).self;
  } catch {
    return undefined;
  }
}

function failure(error: unknown): ReachResult {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reason = error instanceof Error ? error.message || code : String(error);
  if (NAME_CODES.includes(code)) return failed('name', reason);
  // Another program on that port: it speaks, and neither TLS nor HTTP.
  if (code.startsWith('HPE_')) return failed('server', reason);
  return failed(CERTIFICATE.test(code) ? 'certificate' : 'connection', reason);
}

function failed(step: ReachStep, reason: string): ReachResult {
  return { ok: false, step, reason: reason.slice(0, 300) };
}

import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import type { TlsSettings } from '../domain/keys/certificates.ts';
import { CIPHER_SUITES } from '../domain/keys/cipher-suites.ts';

/** First byte of a TLS handshake record (RFC 8446, 5.1). */
const HANDSHAKE = 0x16;
const FIRST_BYTE_TIMEOUT_MS = 10_000;
const HANDSHAKE_TIMEOUT_MS = 10_000;

/**
 * An HTTPS server whose port also understands who comes without TLS: `plain` paths are answered (they carry no secret and are signed: a loudspeaker without the
 * right time can verify no certificate), a browser that asks for a page is sent to https, everything else is refused: a program that sends its token in clear
 * has to notice.
 */
export function httpsServer(
  tls: TlsSettings,
  options: { readonly plainPaths: readonly string[]; readonly requestTimeoutMs: number },
  handler: RequestListener,
): { readonly server: Server; readonly endPlain: () => void } {
  const limits = { noDelay: true, handshakeTimeout: HANDSHAKE_TIMEOUT_MS };
  const server = createServer({ ...secureOptions(tls), minVersion: 'TLSv1.2', ...limits }, handler);
  server.requestTimeout = options.requestTimeoutMs;
  const plain = createHttpServer({ noDelay: true }, (request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    if (request.method === 'GET' && options.plainPaths.includes(path)) handler(request, response);
    else sendToTls(request, response);
  });
  plain.requestTimeout = FIRST_BYTE_TIMEOUT_MS;
  const takeTls = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  // Neither server knows of those that have said nothing yet: without us they would hold up the stop.
  const silent = new Set<Socket>();
  let ending = false;
  server.on('connection', (socket: Socket) => {
    if (ending) {
      socket.destroy();
      return;
    }
    silent.add(socket);
    const drop = () => socket.destroy();
    const forget = () => void silent.delete(socket);
    socket.on('error', drop).once('close', forget).setTimeout(FIRST_BYTE_TIMEOUT_MS, drop);
    socket.once('readable', () => {
      forget();
      const first: Buffer | null = socket.read();
      if (first === null) {
        drop();
        return;
      }
      socket.setTimeout(0).off('timeout', drop).off('error', drop).off('close', forget);
      socket.unshift(first);
      if (first[0] === HANDSHAKE) for (const take of takeTls) take.call(server, socket);
      else plain.emit('connection', socket);
    });
  });
  // A handshake that fails is the peer's affair: its socket is gone already.
  server.on('tlsClientError', () => undefined);
  const off = tls.certificates.onChange(() => server.setSecureContext(secureOptions(tls)));
  server.once('close', off);
  const endPlain = () => {
    ending = true;
    for (const socket of silent) socket.destroy();
    plain.closeAllConnections();
  };
  return { server, endPlain };
}

function secureOptions({ certificates, clientCa }: TlsSettings) {
  const { current } = certificates;
  return {
    ...(current === null ? {} : { key: current.key, cert: current.cert }),
    // Browsers have none to show: who needs one is asked later, by what it wants.
    ...(clientCa === null ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: false }),
    minVersion: 'TLSv1.2' as const,
    ciphers: CIPHER_SUITES,
  };
}

function sendToTls(request: IncomingMessage, response: ServerResponse): void {
  const { host, accept = '' } = request.headers;
  const asksForPage = (request.method === 'GET' || request.method === 'HEAD') && accept.includes('text/html');
  if (asksForPage && host !== undefined && /^[\w.:[\]-]{1,255}$/.test(host))
    response.writeHead(308, { location: `https://${host}${request.url ?? '/'}`, connection: 'close' });
  else response.writeHead(426, { upgrade: 'TLS/1.3, HTTP/1.1', connection: 'close' });
  response.end();
}

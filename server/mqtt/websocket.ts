import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { writeTogether } from '#kit';
import type { EmbeddedBroker } from './broker.ts';

/** Bytes of one WebSocket message: clients put several packets into one, or one into several. */
const MAX_MESSAGE_BYTES = 128 * 1024;

/**
 * Serves MQTT over WebSocket (subprotocol `mqtt`) on an HTTP server below `path`, so that one port is enough. Other upgrades are
 * refused; so is a page in a browser (it names its origin, no loudspeaker does), and with `clientCertificates` who shows none of the authority that was set. Limits go by `addressOf` a request; by default where its socket comes from. Undo with the function given back, which ends the connections too: an HTTP server does not know them any more, and
 * would wait for the last of them when it is closed.
 */
export function attachWebSocket(
  server: Server,
  path: string,
  broker: EmbeddedBroker,
  options: {
    readonly clientCertificates?: boolean;
    readonly addressOf?: (request: IncomingMessage) => string;
  } = {},
): () => void {
  const { addressOf = ({ socket }: IncomingMessage) => socket.remoteAddress ?? '' } = options;
  const streams = new Set<Duplex>();
  const sockets = new WebSocketServer({
    noServer: true,
    // Payloads are small and signed; a deflate context would cost more memory than all else of a connection.
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE_BYTES,
    clientTracking: false,
    handleProtocols: (offered) => (offered.has('mqtt') ? 'mqtt' : false),
  });
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const asked = (request.url ?? '').split('?', 1)[0];
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    const barred =
      request.headers.origin !== undefined ||
      (options.clientCertificates === true && !showsCertificate(request));
    if (asked !== path || !offered.includes('mqtt') || barred) {
      const answer = asked !== path ? '404 Not Found' : barred ? '403 Forbidden' : '400 Bad Request';
      socket.on('error', () => undefined);
      socket.end(`HTTP/1.1 ${answer}\r\nConnection: close\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const stream = createWebSocketStream(webSocket, { writev: writeTogether });
      streams.add(stream);
      stream.once('close', () => streams.delete(stream));
      broker.accept(stream, addressOf(request));
    });
  };
  server.on('upgrade', onUpgrade);
  return () => {
    server.off('upgrade', onUpgrade);
    sockets.close();
    for (const stream of [...streams]) stream.destroy();
  };
}

/** Whether a connection came with a certificate that the port's authority signed. */
function showsCertificate({ socket }: IncomingMessage): boolean {
  return socket instanceof TLSSocket && socket.authorized;
}

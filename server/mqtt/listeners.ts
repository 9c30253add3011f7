import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { Lifecycle } from '#kit';
import type { TlsSettings } from '../domain/keys/certificates.ts';
import { CIPHER_SUITES } from '../domain/keys/cipher-suites.ts';
import type { EmbeddedBroker } from './broker.ts';

/** Connections that may wait to be accepted: after a power cut a whole province comes at once. */
const BACKLOG = 4_096;
const HANDSHAKE_TIMEOUT_MS = 10_000;

export interface MqttListenerOptions {
  readonly broker: EmbeddedBroker;
  readonly host: string;
  /** 0 takes a free one; see `port`. */
  readonly port: number;
  /** With it the port speaks TLS 1.2 or 1.3. */
  readonly tls?: TlsSettings | null;
  /** A connection that the system could not hand over, for want of memory or descriptors: the port stays open. */
  readonly onError: (error: unknown) => void;
}

/** A plain or TLS port of the embedded broker. `start` throws what `listen` throws (EADDRINUSE with the port). */
export class MqttListener extends Lifecycle {
  readonly #options: MqttListenerOptions;
  #server: NetServer | TlsServer | undefined;

  constructor(options: MqttListenerOptions) {
    super();
    this.#options = options;
  }

  /** The port in use; 0 when not listening. */
  get port(): number {
    const address = this.#server?.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  #secure(settings: TlsSettings, take: (socket: Socket) => void): TlsServer {
    const { certificates, clientCa } = settings;
    const options = () => ({
      ...certificates.current,
      ...(clientCa === null ? {} : { ca: clientCa }),
      minVersion: 'TLSv1.2' as const,
      ciphers: CIPHER_SUITES,
    });
    const mutual = { requestCert: clientCa !== null, rejectUnauthorized: clientCa !== null };
    const handshakeTimeout = HANDSHAKE_TIMEOUT_MS;
    const server = createTlsServer({ ...options(), ...mutual, noDelay: true, handshakeTimeout }, take);
    this.disposers.defer(
      'certificate of the MQTT port',
      certificates.onChange(() => server.setSecureContext(options())),
    );
    return server;
  }

  protected async onStart(): Promise<void> {
    const { broker, host, port, tls, onError } = this.#options;
    const sockets = new Set<Socket>();
    const handshakes = new Map<string, () => void>();
    const take = (socket: Socket) => {
      handshakes.get(peerOf(socket))?.();
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      broker.accept(socket, socket.remoteAddress ?? '');
    };
    const server = tls ? this.#secure(tls, take) : createServer({ noDelay: true }, take);
    if (tls) server.on('connection', (socket) => greet(broker, handshakes, socket));
    // A handshake that fails is the peer's affair: its socket is gone already.
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, backlog: BACKLOG }, () => {
        server.off('error', reject);
        // Without a listener it would end the process.
        server.on('error', onError);
        resolve();
      });
    });
    this.#server = server;
    this.disposers.defer('MQTT port', async () => {
      this.#server = undefined;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    });
  }
}

/** Who says nothing after connecting is counted, too. `handshakes` ends the count of each when its secure connection is there, which is another object than the socket under it. */
function greet(broker: EmbeddedBroker, handshakes: Map<string, () => void>, socket: Socket): void {
  const peer = peerOf(socket);
  const release = broker.greet(socket.remoteAddress ?? '');
  if (release === null) {
    socket.destroy();
    return;
  }
  const end = () => {
    handshakes.delete(peer);
    release();
  };
  handshakes.set(peer, end);
  socket.once('close', end);
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

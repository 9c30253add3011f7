import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Connections whose request may last as long as something comes. */
const slow = new WeakSet<Socket>();

/**
 * Lifts the limit on the time of this request as a whole: its connection is closed when nothing has come for `idleMs`. Only for a
 * caller who has shown that he may send: anybody else could hold a connection for ever, byte by byte.
 */
export function allowSlowUpload({ raw }: FastifyRequest, idleMs: number): void {
  const { socket } = raw;
  slow.add(socket);
  raw.setTimeout(idleMs);
  // What the connection is asked next has the limits of all again.
  raw.once('close', () => {
    slow.delete(socket);
    socket.setTimeout(0);
  });
}

/** To be called once for each server. Node knows one limit for all requests of a server, and asks here before it cuts one off. */
export function spareSlowUploads({ server }: FastifyInstance): void {
  const refuse = server.listeners('clientError') as ((error: Error, socket: Socket) => void)[];
  server.removeAllListeners('clientError');
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && slow.has(socket)) return;
    for (const one of refuse) one.call(server, error, socket);
  });
}

import type { FastifyInstance } from 'fastify';
import { type Clock, delay } from '#kit';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** An answer that ends only with the connection; closing does not wait for it. */
    longLived?: true;
  }
}

/** Requests under way when we stop get this long to end; then every connection is cut. */
const PATIENCE_MS = 5_000;

/**
 * Lets requests under way end before connections are closed. Needs `forceCloseConnections: true`, because a
 * connection on which nothing was asked yet counts as busy for Node and would hold the stop up.
 */
export function closeGracefully(app: FastifyInstance, clock: Clock): void {
  let open = 0;
  let onIdle: () => void = () => undefined;
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.longLived) return;
    open += 1;
    reply.raw.once('close', () => {
      open -= 1;
      if (open === 0) onIdle();
    });
  });
  app.addHook('preClose', async () => {
    if (open === 0) return;
    const patience = new AbortController();
    const idle = new Promise<void>((resolve) => {
      onIdle = resolve;
    });
    const tooLong = delay(clock, 'HTTP: requests under way', PATIENCE_MS, patience.signal);
    await Promise.race([idle, tooLong]);
    patience.abort();
    await tooLong.catch(() => undefined);
  });
}

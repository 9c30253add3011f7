import type { RequestListener } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { API_ROOT } from '#protocols';
import type { Context } from './context/controller.ts';
import { buildApi, REQUEST_TIMEOUT_MS } from './http/api.ts';
import { clientAddress, trustedProxy } from './http/client-address.ts';
import { attachWebSocket } from './mqtt/index.ts';
import { httpsServer } from './tls/https-server.ts';

/** Path of MQTT over WebSocket on the HTTP port. */
const MQTT_PATH = '/mqtt';
/** What a loudspeaker without the right time fetches: signed, and asked for without any secret. */
const WITHOUT_TLS = [`${API_ROOT}/time`, `${API_ROOT}/keys/statements`];

/** The HTTP side of a context: the API, and MQTT over WebSocket beside it. It listens on no port. */
export async function buildApp(context: Context): Promise<FastifyInstance> {
  const settings = context.tls.http;
  const closing: (() => void)[] = [];
  const secure = settings && {
    make: (handler: RequestListener) => {
      const limits = { plainPaths: WITHOUT_TLS, requestTimeoutMs: REQUEST_TIMEOUT_MS };
      const { server, endPlain } = httpsServer(settings, limits, handler);
      closing.push(endPlain);
      return server;
    },
  };
  const app = await buildApi(context.services, context.log, { server: secure?.make });
  const { broker, gateway } = context.speakerSide;
  if (broker !== null) {
    const clientCertificates = settings !== null && settings.clientCa !== null;
    const trusted = trustedProxy(context.services.trustedProxies);
    const detach = attachWebSocket(app.server, MQTT_PATH, broker, {
      clientCertificates,
      addressOf: (request) => clientAddress(request, trusted),
    });
    app.addHook('preClose', async () => {
      // Before the connections end: their last wills would say that loudspeakers went away, where it is we who do.
      await gateway.stop();
      detach();
    });
  }
  app.addHook('preClose', async () => {
    for (const end of closing) end();
  });
  // After the start, so that what stands in its way is told by the start alone. Without a listener it would end the process.
  app.server.once('listening', () =>
    app.server.on('error', (error) => context.log.error({ err: error, part: 'HTTP port' }, 'a part failed')),
  );
  await app.ready();
  return app;
}

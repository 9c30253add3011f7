import type { FastifyInstance } from 'fastify';
import type { Context } from './context.ts';
import { buildApi } from './http/api.ts';
import { attachWebSocket } from './mqtt/index.ts';

/** Path of MQTT over WebSocket on the HTTP port. */
const MQTT_PATH = '/mqtt';

/** The HTTP side of a context: the API, and MQTT over WebSocket beside it. It listens on no port. */
export async function buildApp(context: Context): Promise<FastifyInstance> {
  const app = await buildApi(context.services, context.log);
  const { broker, gateway } = context.speakerSide;
  if (broker !== null) {
    const detach = attachWebSocket(app.server, MQTT_PATH, broker);
    app.addHook('preClose', async () => {
      // Before the connections end: their last wills would say that loudspeakers went away, where it is we who do.
      await gateway.stop();
      detach();
    });
  }
  // After the start, so that what stands in its way is told by the start alone. Without a listener it would end the process.
  app.server.once('listening', () =>
    app.server.on('error', (error) => context.log.error({ err: error, part: 'HTTP port' }, 'a part failed')),
  );
  await app.ready();
  return app;
}

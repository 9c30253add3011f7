import type { FastifyInstance } from 'fastify';
import type { Context } from './context.ts';
import { buildApi } from './http/api.ts';
import { attachWebSocket } from './mqtt/index.ts';

/** Path of MQTT over WebSocket on the HTTP port. */
const MQTT_PATH = '/mqtt';

/** The HTTP side of a context: the API, and MQTT over WebSocket beside it. It listens on no port. */
export async function buildApp(context: Context): Promise<FastifyInstance> {
  const app = await buildApi(context.services, context.log);
  const { broker } = context.speakerSide;
  if (broker !== null) {
    const detach = attachWebSocket(app.server, MQTT_PATH, broker);
    app.addHook('preClose', async () => detach());
  }
  await app.ready();
  return app;
}

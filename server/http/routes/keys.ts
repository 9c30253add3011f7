import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { IdempotencyHeadersSchema, KeysSchema } from '#protocols';
import { permission } from '../access.ts';
import { act } from '../act.ts';
import { actorOf } from '../plugins/authentication.ts';
import type { ApiServices } from '../services.ts';

/** The keys that loudspeakers believe. Private halves are on no route. */
export const keyRoutes =
  (services: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { rotation } = services;

    app.get(
      '/keys',
      {
        config: permission('key:write'),
        schema: { summary: 'The keys in force', tags: ['trust'], response: { 200: KeysSchema } },
      },
      (request) => rotation.show(actorOf(request)),
    );

    app.post(
      '/keys/rotate',
      {
        config: permission('key:write'),
        schema: {
          summary: 'Replace the operational key; what is in force is signed again at once',
          tags: ['trust'],
          headers: IdempotencyHeadersSchema,
          response: { 200: KeysSchema },
        },
      },
      (request, reply) => {
        const once = {};
        return act(services, request, reply, async (tx, actor) => ({
          status: 200,
          body: await rotation.rotate(tx, actor, once),
        }));
      },
    );
  };

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import {
  BroadcastSchema,
  CoverageSchema,
  IdempotencyHeadersSchema,
  IdParamsSchema,
  IdSchema,
  MakeGoodProposalsSchema,
  MakeGoodRequestSchema,
  strict,
} from '#protocols';
import { permission } from '../access.ts';
import { act } from '../act.ts';
import { actorOf } from '../plugins/authentication.ts';
import type { ApiServices } from '../services.ts';
import { broadcastView } from '../views.ts';

const AreaQuerySchema = strict({ area: Type.Optional(IdSchema) });

/** Which hamlets had a broadcast, and airing it again where it was missed. */
export const coverageRoutes =
  (services: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { areas, makeGoods } = services;
    const tags = ['coverage'];

    app.get(
      '/broadcasts/:id/coverage',
      {
        config: permission('broadcast:read'),
        schema: {
          summary: 'Which hamlets and loudspeakers had it: played, partly, missed, unconfirmed',
          tags,
          params: IdParamsSchema,
          response: { 200: CoverageSchema },
        },
      },
      async (request) => makeGoods.coverage(actorOf(request), request.params.id),
    );

    app.post(
      '/broadcasts/:id/make-good',
      {
        config: permission('broadcast:play'),
        schema: {
          summary: 'Air it again, once, only at those that missed it',
          tags,
          headers: IdempotencyHeadersSchema,
          params: IdParamsSchema,
          body: MakeGoodRequestSchema,
          response: { 201: BroadcastSchema },
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => ({
          status: 201,
          body: broadcastView(await makeGoods.make(tx, actor, request.params.id, request.body)),
        })),
    );

    app.get(
      '/make-goods',
      {
        config: permission('broadcast:read'),
        schema: {
          summary: 'What could be aired again now, at whom and when',
          tags,
          querystring: AreaQuerySchema,
          response: { 200: MakeGoodProposalsSchema },
        },
      },
      async (request) => {
        const actor = actorOf(request);
        return makeGoods.proposals(new Set(areas.scope(actor, 'broadcast:read', request.query.area)));
      },
    );
  };

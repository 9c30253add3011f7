import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  AreaChangeSchema,
  AreaCreateSchema,
  AreaKindEffectSchema,
  AreaKindQuerySchema,
  AreaListSchema,
  AreaMergeSchema,
  AreaMoveSchema,
  AreaSchema,
  EffectivePolicySchema,
  IdempotencyHeadersSchema,
  IdParamsSchema,
} from '#protocols';
import { permission } from '../access.ts';
import { act } from '../act.ts';
import { actorOf } from '../plugins/authentication.ts';
import type { ApiServices } from '../services.ts';

/** The territory. */
export const areaRoutes =
  (services: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { areas, areaMoves } = services;

    app.get(
      '/areas',
      {
        config: permission('area:read'),
        schema: { summary: 'Areas of the actor', tags: ['areas'], response: { 200: AreaListSchema } },
      },
      async (request) => ({ areas: areas.list(actorOf(request)) }),
    );

    app.get(
      '/areas/:id',
      {
        config: permission('area:read'),
        schema: {
          summary: 'One area',
          tags: ['areas'],
          params: IdParamsSchema,
          response: { 200: AreaSchema },
        },
      },
      async (request) => areas.get(actorOf(request), request.params.id),
    );

    app.get(
      '/areas/:id/policy',
      {
        config: permission('area:read'),
        schema: {
          summary: 'The rules that hold in an area, and where each comes from',
          tags: ['areas'],
          params: IdParamsSchema,
          response: { 200: EffectivePolicySchema },
        },
      },
      async (request) => areas.policy(actorOf(request), request.params.id),
    );

    app.get(
      '/areas/:id/kind',
      {
        config: permission('area:write'),
        schema: {
          summary: 'What another kind of an area would change of the rule of two persons',
          tags: ['areas'],
          params: IdParamsSchema,
          querystring: AreaKindQuerySchema,
          response: { 200: AreaKindEffectSchema },
        },
      },
      async (request) => areas.kindEffect(actorOf(request), request.params.id, request.query.kind),
    );

    app.post(
      '/areas',
      {
        config: permission('area:write'),
        schema: {
          summary: 'Enter an area',
          tags: ['areas'],
          headers: IdempotencyHeadersSchema,
          body: AreaCreateSchema,
          response: { 201: AreaSchema },
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => ({
          status: 201,
          body: await areas.create(tx, actor, request.body),
        })),
    );

    app.patch(
      '/areas/:id',
      {
        config: permission('area:write'),
        schema: {
          summary: 'Rename an area, or change its zone or policy',
          tags: ['areas'],
          headers: IdempotencyHeadersSchema,
          params: IdParamsSchema,
          body: AreaChangeSchema,
          response: { 200: AreaSchema },
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => ({
          status: 200,
          body: await areas.change(tx, actor, request.params.id, request.body),
        })),
    );

    const shape = (summary: string) => ({
      summary,
      tags: ['areas'],
      headers: IdempotencyHeadersSchema,
      params: IdParamsSchema,
      response: { 200: AreaSchema },
    });

    app.post(
      '/areas/:id/move',
      {
        config: permission('area:write'),
        schema: { ...shape('Put an area, with all below it, below another'), body: AreaMoveSchema },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => ({
          status: 200,
          body: await areaMoves.move(tx, actor, request.params.id, request.body.parentId),
        })),
    );

    app.post(
      '/areas/:id/merge',
      {
        config: permission('area:write'),
        schema: {
          ...shape('Merge an area into another: its loudspeakers, areas and schedules go over'),
          body: AreaMergeSchema,
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => ({
          status: 200,
          body: await areaMoves.merge(tx, actor, request.params.id, request.body.into),
        })),
    );

    app.post(
      '/areas/:id/retire',
      { config: permission('area:write'), schema: shape('Dissolve an area in which nothing is left') },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => ({
          status: 200,
          body: await areaMoves.retire(tx, actor, request.params.id),
        })),
    );
  };

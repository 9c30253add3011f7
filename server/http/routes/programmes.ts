import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  AreaQuerySchema,
  IdempotencyHeadersSchema,
  IdParamsSchema,
  ProgrammeChangeSchema,
  ProgrammeCreateSchema,
  ProgrammeListSchema,
  ProgrammeSchema,
} from '#protocols';
import { permission } from '../access.ts';
import { act } from '../act.ts';
import { actorOf } from '../plugins/authentication.ts';
import { programmeView } from '../schedule-views.ts';
import type { ApiServices } from '../services.ts';

/** Programmes: announcements that are aired one after the other. */
export const programmeRoutes =
  (services: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { areas, programmes } = services;
    const tags = ['programmes'];
    const headers = IdempotencyHeadersSchema;

    app.get(
      '/programmes',
      {
        config: permission('schedule:read'),
        schema: {
          summary: 'Programmes in use',
          tags,
          querystring: AreaQuerySchema,
          response: { 200: ProgrammeListSchema },
        },
      },
      async (request) => {
        const areaIds = areas.scope(actorOf(request), 'schedule:read', request.query.area);
        return { programmes: (await programmes.list(areaIds)).map(programmeView) };
      },
    );

    app.get(
      '/programmes/:id',
      {
        config: permission('schedule:read'),
        schema: {
          summary: 'One programme',
          tags,
          params: IdParamsSchema,
          response: { 200: ProgrammeSchema },
        },
      },
      async (request) => programmeView(await programmes.get(actorOf(request), request.params.id)),
    );

    app.post(
      '/programmes',
      {
        config: permission('schedule:write'),
        schema: {
          summary: 'Put a programme together',
          tags,
          headers,
          body: ProgrammeCreateSchema,
          response: { 201: ProgrammeSchema },
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => ({
          status: 201,
          body: programmeView(await programmes.create(tx, actor, request.body)),
        })),
    );

    app.patch(
      '/programmes/:id',
      {
        config: permission('schedule:write'),
        schema: {
          summary: 'Change a programme: what is planned follows, what was aired stays',
          tags,
          headers,
          params: IdParamsSchema,
          body: ProgrammeChangeSchema,
          response: { 200: ProgrammeSchema },
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => ({
          status: 200,
          body: programmeView(await programmes.change(tx, actor, request.params.id, request.body)),
        })),
    );

    app.delete(
      '/programmes/:id',
      {
        config: permission('schedule:write'),
        schema: {
          summary: 'Retire a programme that no schedule airs any more',
          tags,
          headers,
          params: IdParamsSchema,
          response: { 200: ProgrammeSchema },
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => ({
          status: 200,
          body: programmeView(await programmes.retire(tx, actor, request.params.id)),
        })),
    );
  };

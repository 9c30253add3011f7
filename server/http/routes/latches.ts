import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  IdempotencyHeadersSchema,
  IdParamsSchema,
  LatchDetailSchema,
  LatchListQuerySchema,
  LatchListSchema,
  LatchReleaseSchema,
  LatchRequestSchema,
  LatchViewSchema,
  ReminderListSchema,
} from '#protocols';
import { latchDetail, latchView } from '../../domain/latches/latch-view.ts';
import { permission, urgently } from '../access.ts';
import { idempotencyKey } from '../act.ts';
import { actorOf } from '../plugins/authentication.ts';
import type { ApiServices } from '../services.ts';

/**
 * Stops, and what they keep silent. Acting here waits for no database: a repeated request is known by the stop that it made, not by a
 * stored answer.
 */
export const latchRoutes =
  (services: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { areaDirectory, areas, latches, reminders, speakerIndex, told } = services;
    const tags = ['latches'];
    const parts = () => ({ latches, told, tree: areaDirectory.tree, speakers: speakerIndex });

    app.post(
      '/latches',
      {
        config: urgently('latch:set'),
        schema: {
          summary: 'Stop everything in an area or at a loudspeaker, now and until it is released',
          description:
            '200 says that it was stopped already: by this request, sent before, or by somebody else.',
          tags,
          headers: IdempotencyHeadersSchema,
          body: LatchRequestSchema,
          response: { 200: LatchViewSchema, 201: LatchViewSchema },
        },
      },
      async (request, reply) => {
        const { latch, made } = await latches.set(actorOf(request), request.body, idempotencyKey(request));
        if (!made) void reply.header('idempotent-replayed', 'true');
        return reply.code(made ? 201 : 200).send(latchView(latch, parts()));
      },
    );

    app.post(
      '/latches/:id/release',
      {
        config: permission('latch:set'),
        schema: {
          summary: 'Let everything sound again: whoever stopped it may, or the chairman',
          tags,
          headers: IdempotencyHeadersSchema,
          params: IdParamsSchema,
          body: LatchReleaseSchema,
          response: { 200: LatchViewSchema },
        },
      },
      async (request) => {
        idempotencyKey(request);
        const latch = await latches.release(actorOf(request), request.params.id, request.body.reason);
        return latchView(latch, parts());
      },
    );

    app.get(
      '/latches',
      {
        config: permission('speaker:read'),
        schema: {
          summary: 'What is stopped, newest first',
          tags,
          querystring: LatchListQuerySchema,
          response: { 200: LatchListSchema },
        },
      },
      async (request) => {
        const { area, state = 'set' } = request.query;
        const within = new Set(areas.scope(actorOf(request), 'speaker:read', area));
        return { latches: latches.list(within, state).map((latch) => latchView(latch, parts())) };
      },
    );

    app.get(
      '/latches/:id',
      {
        config: permission('speaker:read'),
        schema: {
          summary: 'One stop, and the loudspeakers that are not known to hold it yet',
          tags,
          params: IdParamsSchema,
          response: { 200: LatchDetailSchema },
        },
      },
      async (request) => latchDetail(latches.get(actorOf(request), request.params.id), parts()),
    );

    app.get(
      '/reminders',
      {
        config: permission('speaker:read'),
        schema: {
          summary: 'Stops, mutes and maintenance that keep a session of the next half hour silent',
          tags,
          response: { 200: ReminderListSchema },
        },
      },
      async (request) => {
        const reach = areas.reach(actorOf(request), 'speaker:read');
        const due = await reminders.due();
        return { reminders: due.filter(({ areaId }) => areaId !== null && reach.has(areaId)) };
      },
    );
  };

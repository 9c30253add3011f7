import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  AreaQuerySchema,
  IdempotencyHeadersSchema,
  IdParamsSchema,
  OccurrenceActSchema,
  OccurrenceListSchema,
  RangeQuerySchema,
  ScheduleChangedSchema,
  ScheduleChangeSchema,
  ScheduleCreateSchema,
  ScheduleListSchema,
  SchedulePreviewSchema,
  ScheduleSchema,
} from '#protocols';
import type { Actor } from '../../domain/accounts/actor.ts';
import type { Schedule } from '../../domain/schedule/schedule.ts';
import type { Transaction } from '../../domain/unit-of-work.ts';
import { permission } from '../access.ts';
import { act } from '../act.ts';
import { actorOf } from '../plugins/authentication.ts';
import { requireRange } from '../range.ts';
import { scheduleView } from '../schedule-views.ts';
import type { ApiServices } from '../services.ts';

type Work = (tx: Transaction, actor: Actor) => Promise<Schedule[]>;

/** Schedules and their occurrences. */
export const scheduleRoutes =
  (services: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { areas, schedules, scheduleReports } = services;
    const tags = ['schedules'];
    const headers = IdempotencyHeadersSchema;
    /** What changes a series answers with its parts in force. */
    const changing = {
      ...{ tags, headers, params: IdParamsSchema },
      response: { 200: ScheduleListSchema },
    };
    const parts = (work: Work) => async (tx: Transaction, actor: Actor) => ({
      status: 200,
      body: { schedules: (await work(tx, actor)).map(scheduleView) },
    });

    app.get(
      '/schedules',
      {
        config: permission('schedule:read'),
        schema: {
          summary: 'Schedules that are not deleted; parts of one series share its id',
          tags,
          querystring: AreaQuerySchema,
          response: { 200: ScheduleListSchema },
        },
      },
      async (request) => {
        const areaIds = areas.scope(actorOf(request), 'schedule:read', request.query.area);
        return { schedules: (await schedules.list(areaIds)).map(scheduleView) };
      },
    );

    app.get(
      '/schedules/:id',
      {
        config: permission('schedule:read'),
        schema: { summary: 'One schedule', tags, params: IdParamsSchema, response: { 200: ScheduleSchema } },
      },
      async (request) => scheduleView(await schedules.get(actorOf(request), request.params.id)),
    );

    app.get(
      '/schedules/:id/occurrences',
      {
        config: permission('schedule:read'),
        schema: {
          summary: 'What the series has in a range, the skipped and withheld too, and what became of it',
          tags,
          params: IdParamsSchema,
          querystring: RangeQuerySchema,
          response: { 200: OccurrenceListSchema },
        },
      },
      async (request) => {
        const series = await schedules.series(actorOf(request), request.params.id);
        return { occurrences: await scheduleReports.occurrences(series, requireRange(request.query)) };
      },
    );

    app.post(
      '/schedules',
      {
        config: permission('schedule:write'),
        schema: {
          summary: 'Schedule a programme or an announcement',
          tags,
          headers,
          body: ScheduleCreateSchema,
          response: { 201: ScheduleSchema },
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => ({
          status: 201,
          body: scheduleView(await schedules.create(tx, actor, request.body)),
        })),
    );

    app.post(
      '/schedules/preview',
      {
        config: permission('schedule:write'),
        schema: {
          summary: 'What a schedule would do, without saving it: occurrences, refusals, conflicts',
          tags,
          body: ScheduleCreateSchema,
          response: { 200: SchedulePreviewSchema },
        },
      },
      async (request) => scheduleReports.preview(await schedules.draft(actorOf(request), request.body)),
    );

    app.post(
      '/schedules/:id/change',
      {
        config: permission('schedule:write'),
        schema: {
          summary: 'Change one occurrence, this and the following, or all that has not begun',
          description:
            '`dropped` names skips and moves that do not hold any more, because there is no such occurrence now',
          ...changing,
          body: ScheduleChangeSchema,
          response: { 200: ScheduleChangedSchema },
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => {
          const changed = await schedules.change(tx, actor, request.params.id, request.body);
          return {
            status: 200,
            body: { schedules: changed.parts.map(scheduleView), dropped: [...changed.dropped] },
          };
        }),
    );

    app.post(
      '/schedules/:id/occurrences',
      {
        config: permission('schedule:write'),
        schema: {
          summary: 'Skip or postpone one occurrence, or play it again (then the answer is the new schedule)',
          ...changing,
          body: OccurrenceActSchema,
        },
      },
      (request, reply) =>
        act(
          services,
          request,
          reply,
          parts((tx, actor) => schedules.act(tx, actor, request.params.id, request.body)),
        ),
    );

    app.post(
      '/schedules/:id/pause',
      {
        config: permission('schedule:write'),
        schema: { summary: 'Withhold every occurrence from now on', ...changing },
      },
      (request, reply) =>
        act(
          services,
          request,
          reply,
          parts((tx, actor) => schedules.pause(tx, actor, request.params.id)),
        ),
    );

    app.post(
      '/schedules/:id/resume',
      {
        config: permission('schedule:write'),
        schema: { summary: 'End a pause', ...changing },
      },
      (request, reply) =>
        act(
          services,
          request,
          reply,
          parts((tx, actor) => schedules.resume(tx, actor, request.params.id)),
        ),
    );

    app.delete(
      '/schedules/:id',
      {
        config: permission('schedule:write'),
        schema: {
          summary: 'Delete the series: its slots are withdrawn, what it has aired stays',
          ...changing,
        },
      },
      (request, reply) =>
        act(
          services,
          request,
          reply,
          parts((tx, actor) => schedules.remove(tx, actor, request.params.id)),
        ),
    );
  };

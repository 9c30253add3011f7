import { Readable } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import {
  CalendarQuerySchema,
  CalendarSchema,
  DomainError,
  IdempotencyHeadersSchema,
  LunarListSchema,
  LunarQuerySchema,
  type Scope,
} from '#protocols';
import { type Actor, authorize } from '../../domain/accounts/actor.ts';
import { HolidayTableSchema } from '../../domain/calendar/holiday.ts';
import { lunarDays } from '../../domain/schedule/lunar-days.ts';
import { permission } from '../access.ts';
import { act } from '../act.ts';
import { jsonPieces } from '../json-pieces.ts';
import { actorOf } from '../plugins/authentication.ts';
import { requireRange } from '../range.ts';
import type { ApiServices } from '../services.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

/** What will sound when and where, and the days that people keep. */
export const calendarRoutes =
  (services: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { areaDirectory, calendar, clock, holidays, speakerIndex } = services;
    const tags = ['calendar'];

    /** Throws `request.invalid`, `request.not_found`, `request.forbidden`. */
    const scopeOf = (actor: Actor, { area, speaker }: { area?: string; speaker?: string }): Scope => {
      const { tree } = areaDirectory;
      if (area !== undefined && speaker === undefined) {
        authorize(actor, 'schedule:read', area, tree);
        return { kind: 'area', id: area };
      }
      if (speaker === undefined || area !== undefined)
        throw new DomainError('request.invalid', {
          reason: 'name either "area" or "speaker"',
          field: 'area',
        });
      const found = speakerIndex.get(speaker);
      if (found === undefined) throw new DomainError('request.not_found', { what: 'speaker', id: speaker });
      authorize(actor, 'schedule:read', found.areaId, tree);
      return { kind: 'speaker', id: speaker };
    };

    app.get(
      '/calendar',
      {
        config: permission('schedule:read'),
        schema: {
          summary:
            'What the loudspeakers of an area, or one, will play, why and why not; conflicts; who has not been told',
          tags,
          querystring: CalendarQuerySchema,
          response: { 200: CalendarSchema },
        },
      },
      async (request, reply) => {
        const scope = scopeOf(actorOf(request), request.query);
        const view = await calendar.calendar(scope, requireRange(request.query));
        // Some megabytes for a commune and a week: written at once they would hold everybody up.
        const plain: FastifyReply = reply;
        return plain.type(JSON_TYPE).send(Readable.from(jsonPieces(view, clock)));
      },
    );

    app.get(
      '/lunar',
      {
        config: permission('schedule:read'),
        schema: {
          summary: 'Days with their lunar dates and holidays, at most 400',
          tags,
          querystring: LunarQuerySchema,
          response: { 200: LunarListSchema },
        },
      },
      async ({ query: { from, to } }) => ({ days: lunarDays(from, to, holidays.table) }),
    );

    app.get(
      '/holidays',
      {
        config: permission('schedule:read'),
        schema: { summary: 'The holiday table in force', tags, response: { 200: HolidayTableSchema } },
      },
      async () => [...holidays.table],
    );

    app.put(
      '/holidays',
      {
        config: permission('calendar:write'),
        schema: {
          summary: 'Put another holiday table in force',
          tags,
          headers: IdempotencyHeadersSchema,
          body: HolidayTableSchema,
          response: { 200: HolidayTableSchema },
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => ({
          status: 200,
          body: [...(await holidays.replace(tx, actor, request.body))],
        })),
    );
  };

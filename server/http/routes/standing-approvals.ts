import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  ApprovalsDueSchema,
  AreaQuerySchema,
  DueQuerySchema,
  IdempotencyHeadersSchema,
  IdParamsSchema,
  StandingListSchema,
  StandingRequestSchema,
  StandingRevocationSchema,
  StandingSchema,
  type StandingView,
} from '#protocols';
import type { StandingApproval } from '../../domain/announcements/standing-approval.ts';
import { DEFAULT_ZONE } from '../../domain/areas/area.ts';
import { addDays, instantOf, localDay } from '../../domain/policies/zoned-time.ts';
import { permission, urgently } from '../access.ts';
import { act } from '../act.ts';
import { type PersonName, personName } from '../person-name.ts';
import { actorOf } from '../plugins/authentication.ts';
import { requireRange } from '../range.ts';
import type { ApiServices } from '../services.ts';

/** Leaves for what changes within a series of schedules. */
export const standingRoutes =
  (services: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { approvalsDue, areaDirectory, areas, clock, people, standing } = services;
    const nameOf = personName(people.directory);
    const tags = ['approvals'];
    const headers = IdempotencyHeadersSchema;
    const view = (one: StandingApproval) => standingView(one, clock.now(), nameOf);

    app.get(
      '/approvals/due',
      {
        config: permission('schedule:read'),
        schema: {
          summary: 'What would air and is not approved, by default until the end of tomorrow',
          tags,
          querystring: DueQuerySchema,
          response: { 200: ApprovalsDueSchema },
        },
      },
      async (request) => {
        const areaIds = areas.scope(actorOf(request), 'schedule:read', request.query.area);
        const { tree } = areaDirectory;
        const now = Math.floor(clock.now());
        const zone = areaIds[0] === undefined ? DEFAULT_ZONE : tree.zoneOf(areaIds[0]);
        const { from = now, to = instantOf(zone, addDays(localDay(zone, from), 2), 0) } = request.query;
        requireRange({ from, to });
        return { from, to, due: await approvalsDue.due(new Set(areaIds), { from, to }) };
      },
    );

    app.get(
      '/standing-approvals',
      {
        config: permission('schedule:read'),
        schema: {
          summary: 'Leaves for series of schedules, newest first, those that are over too',
          tags,
          querystring: AreaQuerySchema,
          response: { 200: StandingListSchema },
        },
      },
      async (request) => {
        const areaIds = areas.scope(actorOf(request), 'schedule:read', request.query.area);
        return { standing: (await standing.list(areaIds)).map(view) };
      },
    );

    app.post(
      '/schedules/:id/standing-approval',
      {
        config: permission('announcement:approve'),
        schema: {
          summary: 'Let what changes within a series air without a single approval, until an instant',
          tags,
          headers,
          params: IdParamsSchema,
          body: StandingRequestSchema,
          response: { 201: StandingSchema },
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => ({
          status: 201,
          body: view(await standing.give(tx, actor, request.params.id, request.body)),
        })),
    );

    app.post(
      '/standing-approvals/:id/revoke',
      {
        config: urgently('announcement:approve'),
        schema: {
          summary: 'Take the leave back; what sounds by it alone stops',
          tags,
          headers,
          params: IdParamsSchema,
          body: StandingRevocationSchema,
          response: { 200: StandingSchema },
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => ({
          status: 200,
          body: view(await standing.revoke(tx, actor, request.params.id, request.body)),
        })),
    );
  };

function standingView(one: StandingApproval, now: number, nameOf: PersonName): StandingView {
  const { terms } = one;
  const { targets } = terms;
  return {
    ...one,
    byName: nameOf(one.by),
    endedByName: one.endedBy === null ? null : nameOf(one.endedBy),
    areas: [...one.areas],
    exceptAreas: [...one.exceptAreas],
    editors: one.editors === null ? null : [...one.editors],
    terms: {
      ...terms,
      streams: [...terms.streams],
      fallbacks: [...terms.fallbacks],
      targets: {
        areas: [...targets.areas],
        speakers: [...targets.speakers],
        excludeAreas: [...targets.excludeAreas],
        excludeSpeakers: [...targets.excludeSpeakers],
      },
    },
    state: one.endedAt !== null ? 'ended' : one.expiresAt <= now ? 'expired' : 'in_force',
  };
}

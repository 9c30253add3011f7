import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  AnnouncementChangeSchema,
  AnnouncementCreateSchema,
  AnnouncementDetailSchema,
  AnnouncementListSchema,
  AnnouncementSchema,
  ApprovalSchema,
  GivenListSchema,
  IdempotencyHeadersSchema,
  IdParamsSchema,
  PageQuerySchema,
  RejectionSchema,
  WaitingListSchema,
  WaitingQuerySchema,
  WithdrawalSchema,
} from '#protocols';
import type { Announcement } from '../../domain/announcements/announcement.ts';
import type { KnownRefusal } from '../../domain/announcements/refused-before.ts';
import type { Waiting } from '../../domain/announcements/waiting-approvals.ts';
import { nameOf as areaNameOf } from '../../domain/areas/area-names.ts';
import { permission, urgently } from '../access.ts';
import { act } from '../act.ts';
import { personName } from '../person-name.ts';
import { actorOf } from '../plugins/authentication.ts';
import type { ApiServices } from '../services.ts';
import { announcementView, refusalView } from '../views.ts';

/** Announcements, from draft to approval. */
export const announcementRoutes =
  (services: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { announcements, approvals, areaDirectory, areas, needs, people, streams } = services;
    const { refusedBefore, waitingApprovals } = services;
    const nameOf = personName(people.directory);
    const names = { person: nameOf, area: (id: string) => areaNameOf(id, areaDirectory.tree) };
    const view = (one: Announcement) => announcementView(one, needs(approvals.missing(one)), names);
    const detailed = (one: Announcement, known: readonly KnownRefusal[] = []) => {
      return { ...view(one), refusedBefore: known.map((no) => refusalView(no, one, names)) };
    };
    const tags = ['announcements'];
    const acting = { tags, headers: IdempotencyHeadersSchema, response: { 200: AnnouncementSchema } };

    app.get(
      '/announcements',
      {
        config: permission('announcement:read'),
        schema: {
          summary: 'Announcements, newest first',
          tags,
          querystring: PageQuerySchema,
          response: { 200: AnnouncementListSchema },
        },
      },
      async (request) => {
        const { area, limit = 50, before } = request.query;
        const areaIds = areas.scope(actorOf(request), 'announcement:read', area);
        const page = { areaIds, limit, ...(before === undefined ? {} : { before }) };
        return { announcements: (await announcements.list(page)).map(view) };
      },
    );

    app.get(
      '/approvals',
      {
        config: permission('announcement:approve'),
        schema: {
          summary:
            'What waits for the approval of who asks, oldest first, what a leave covers, and what aired by one',
          tags,
          querystring: WaitingQuerySchema,
          response: { 200: WaitingListSchema },
        },
      },
      async (request) => {
        const actor = actorOf(request);
        const { area, limit = 100, ...page } = request.query;
        const areaIds = areas.scope(actor, 'announcement:approve', area);
        const { waiting, covered, past, next } = await waitingApprovals.of(actor, areaIds, {
          limit,
          ...page,
        });
        const asked = [...waiting, ...covered, ...past].map(({ announcement }) => announcement);
        const known = await refusedBefore.of(actor, asked);
        const shown = ({ announcement, areas: where }: Waiting) => {
          return { announcement: detailed(announcement, known.get(announcement.id)), areas: needs(where) };
        };
        return {
          waiting: waiting.map((one) => ({ ...shown(one), tooLong: one.tooLong })),
          covered: covered.map((one) => ({
            ...shown(one),
            leaves: one.leaves.map(({ id: standingId, title, by, as, expiresAt }) => {
              return { standingId, title, by, byName: nameOf(by), as, expiresAt };
            }),
          })),
          past: past.map((one) => ({ ...shown(one), lastAt: one.lastAt })),
          next,
        };
      },
    );

    app.get(
      '/approvals/given',
      {
        config: permission('announcement:write'),
        schema: {
          summary: 'What is approved in the areas of who asks, by whichever station, newest first',
          tags,
          querystring: PageQuerySchema,
          response: { 200: GivenListSchema },
        },
      },
      async (request) => {
        const actor = actorOf(request);
        const { area, limit = 50, before } = request.query;
        const areaIds = areas.scope(actor, 'announcement:write', area);
        const { given, next } = await approvals.given(actor, areaIds, { limit, before });
        return {
          next,
          given: given.map(({ announcement, whole, areas: where }) => ({
            announcement: view(announcement),
            whole,
            areas: needs(where),
          })),
        };
      },
    );

    app.get(
      '/announcements/:id',
      {
        config: permission('announcement:read'),
        schema: {
          summary: 'One announcement',
          tags,
          params: IdParamsSchema,
          response: { 200: AnnouncementDetailSchema },
        },
      },
      async (request) => {
        const actor = actorOf(request);
        const one = await announcements.get(actor, request.params.id);
        return detailed(one, (await refusedBefore.of(actor, [one])).get(one.id));
      },
    );

    app.post(
      '/announcements',
      {
        config: permission('announcement:write'),
        schema: {
          summary: 'Write an announcement',
          tags,
          headers: IdempotencyHeadersSchema,
          body: AnnouncementCreateSchema,
          response: { 201: AnnouncementSchema },
        },
      },
      async (request, reply) => {
        await streams.check(request.body.stream);
        return act(services, request, reply, async (tx, actor) => ({
          status: 201,
          body: view(await announcements.create(tx, actor, request.body)),
        }));
      },
    );

    app.patch(
      '/announcements/:id',
      {
        config: permission('announcement:write'),
        schema: {
          ...acting,
          summary: 'Change an announcement or attach audio; it is a draft again',
          params: IdParamsSchema,
          body: AnnouncementChangeSchema,
        },
      },
      async (request, reply) => {
        await streams.check(request.body.stream);
        return act(services, request, reply, async (tx, actor) => ({
          status: 200,
          body: view(await announcements.change(tx, actor, request.params.id, request.body)),
        }));
      },
    );

    app.post(
      '/announcements/:id/submit',
      {
        config: permission('announcement:write'),
        schema: { ...acting, summary: 'Hand it to the approver', params: IdParamsSchema },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => ({
          status: 200,
          body: view(await announcements.submit(tx, actor, request.params.id)),
        })),
    );

    app.post(
      '/announcements/:id/approve',
      {
        config: permission('announcement:approve'),
        schema: {
          ...acting,
          summary: 'Approve exactly what has this approvalHash, for the own areas',
          params: IdParamsSchema,
          body: ApprovalSchema,
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => ({
          status: 200,
          body: view(await approvals.approve(tx, actor, request.params.id, request.body)),
        })),
    );

    app.post(
      '/announcements/:id/reject',
      {
        config: urgently('announcement:approve'),
        schema: {
          ...acting,
          summary: 'Send it back with a reason',
          params: IdParamsSchema,
          body: RejectionSchema,
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => ({
          status: 200,
          body: view(await approvals.reject(tx, actor, request.params.id, request.body)),
        })),
    );

    app.post(
      '/announcements/:id/withdraw',
      {
        config: urgently('announcement:write'),
        schema: {
          ...acting,
          summary: 'Never broadcast it again; where areas are named only there',
          params: IdParamsSchema,
          body: WithdrawalSchema,
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => ({
          status: 200,
          body: view(await approvals.withdraw(tx, actor, request.params.id, request.body)),
        })),
    );
  };

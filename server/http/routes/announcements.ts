import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  AnnouncementChangeSchema,
  AnnouncementCreateSchema,
  AnnouncementListSchema,
  AnnouncementSchema,
  ApprovalSchema,
  IdempotencyHeadersSchema,
  IdParamsSchema,
  PageQuerySchema,
  RejectionSchema,
} from '#protocols';
import { permission } from '../access.ts';
import { act } from '../act.ts';
import { actorOf } from '../plugins/authentication.ts';
import type { ApiServices } from '../services.ts';
import { announcementView } from '../views.ts';

/** Announcements, from draft to approval. */
export const announcementRoutes =
  (services: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { announcements, areas, streams } = services;
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
        return { announcements: (await announcements.list(page)).map(announcementView) };
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
          response: { 200: AnnouncementSchema },
        },
      },
      async (request) => announcementView(await announcements.get(actorOf(request), request.params.id)),
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
          body: announcementView(await announcements.create(tx, actor, request.body)),
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
          body: announcementView(await announcements.change(tx, actor, request.params.id, request.body)),
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
          body: announcementView(await announcements.submit(tx, actor, request.params.id)),
        })),
    );

    app.post(
      '/announcements/:id/approve',
      {
        config: permission('announcement:approve'),
        schema: {
          ...acting,
          summary: 'Approve exactly what has this approvalHash',
          params: IdParamsSchema,
          body: ApprovalSchema,
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => ({
          status: 200,
          body: announcementView(
            await announcements.approve(tx, actor, request.params.id, request.body.sha256),
          ),
        })),
    );

    app.post(
      '/announcements/:id/reject',
      {
        config: permission('announcement:approve'),
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
          body: announcementView(
            await announcements.reject(tx, actor, request.params.id, request.body.reason),
          ),
        })),
    );

    app.post(
      '/announcements/:id/withdraw',
      {
        config: permission('announcement:write'),
        schema: { ...acting, summary: 'Never broadcast it again', params: IdParamsSchema },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => ({
          status: 200,
          body: announcementView(await announcements.withdraw(tx, actor, request.params.id)),
        })),
    );
  };

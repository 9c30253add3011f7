import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  BroadcastDetailSchema,
  BroadcastListSchema,
  BroadcastSchema,
  CancelRequestSchema,
  DeliveryListQuerySchema,
  DeliveryListSchema,
  IdempotencyHeadersSchema,
  IdParamsSchema,
  PageQuerySchema,
  PlayedSchema,
  PlayRequestSchema,
} from '#protocols';
import { broadcastCounts, deliveryPage } from '../../domain/broadcasts/delivery-report.ts';
import { collidedWith } from '../../domain/collisions/collision-report.ts';
import { cancelSubject } from '../../domain/urgent/urgent-act.ts';
import { permission, urgently } from '../access.ts';
import { act, actNow, KEPT_LATER } from '../act.ts';
import { actorOf } from '../plugins/authentication.ts';
import type { ApiServices } from '../services.ts';
import { broadcastView } from '../views.ts';

/** Broadcasts and what became of them. */
export const broadcastRoutes =
  (services: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { areas, broadcasts, cancels, clock, needs, read } = services;
    const tags = ['broadcasts'];
    const headers = IdempotencyHeadersSchema;

    app.post(
      '/broadcasts',
      {
        config: permission('broadcast:play'),
        schema: {
          summary: 'Broadcast an announcement where it is approved',
          tags,
          headers,
          body: PlayRequestSchema,
          response: { 201: PlayedSchema },
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => {
          const { broadcast, missing } = await broadcasts.play(tx, actor, request.body);
          return { status: 201, body: { ...broadcastView(broadcast), withheld: needs(missing) } };
        }),
    );

    app.post(
      '/broadcasts/:id/cancel',
      {
        config: urgently('broadcast:cancel'),
        schema: {
          summary: 'Take it back, before it starts or while it sounds',
          description: KEPT_LATER,
          tags,
          headers,
          params: IdParamsSchema,
          body: CancelRequestSchema,
          response: { 200: BroadcastSchema, 202: BroadcastSchema },
        },
      },
      async (request, reply) => {
        const { id } = request.params;
        const { reason } = request.body;
        const body = await actNow(
          services,
          request,
          reply,
          async (tx, actor) => ({ status: 200, body: await broadcasts.cancel(tx, actor, id, reason) }),
          { subject: cancelSubject(id), plan: (actor) => cancels.plan(actor, id, reason) },
        );
        return broadcastView(body);
      },
    );

    app.get(
      '/broadcasts',
      {
        config: permission('broadcast:read'),
        schema: {
          summary: 'Broadcasts, newest first',
          tags,
          querystring: PageQuerySchema,
          response: { 200: BroadcastListSchema },
        },
      },
      async (request) => {
        const { area, limit = 50, before } = request.query;
        const areaIds = areas.scope(actorOf(request), 'broadcast:read', area);
        const page = { areaIds, limit, ...(before === undefined ? {} : { before }) };
        const listed = await broadcasts.list(page);
        const collided = await collidedWith(read, listed);
        return {
          broadcasts: listed.map((one) => ({
            ...broadcastView(one),
            collidedWith: [...(collided.get(one.id) ?? [])],
          })),
        };
      },
    );

    app.get(
      '/broadcasts/:id',
      {
        config: permission('broadcast:read'),
        schema: {
          summary: 'One broadcast with its counts',
          tags,
          params: IdParamsSchema,
          response: { 200: BroadcastDetailSchema },
        },
      },
      async (request) => {
        const broadcast = await broadcasts.get(actorOf(request), request.params.id);
        const counts = await broadcastCounts(read, broadcast, clock.now());
        const collided = await collidedWith(read, [broadcast]);
        return {
          broadcast: broadcastView(broadcast),
          collidedWith: [...(collided.get(broadcast.id) ?? [])],
          ...counts,
        };
      },
    );

    app.get(
      '/broadcasts/:id/deliveries',
      {
        config: permission('broadcast:read'),
        schema: {
          summary: 'Every target with what it reported, in order of speaker id',
          tags,
          params: IdParamsSchema,
          querystring: DeliveryListQuerySchema,
          response: { 200: DeliveryListSchema },
        },
      },
      async (request) => {
        const broadcast = await broadcasts.get(actorOf(request), request.params.id);
        const { state, after, limit = 200 } = request.query;
        return deliveryPage(read, broadcast, { state, after, limit }, clock.now());
      },
    );
  };

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  ClockStateSchema,
  type CommuneDoubtView,
  DomainError,
  IdempotencyHeadersSchema,
  PlanParamsSchema,
  PlanStateQuerySchema,
  PlanStateSchema,
  ReadinessQuerySchema,
  SlotReadinessListSchema,
} from '#protocols';
import { type Actor, authorizeEverywhere, refusal } from '../../domain/accounts/actor.ts';
import { nameOf } from '../../domain/areas/area-names.ts';
import { communeDoubt } from '../../domain/areas/commune.ts';
import { territoryOf } from '../../domain/areas/territory.ts';
import { permission, permissionOrSpeaker } from '../access.ts';
import { act } from '../act.ts';
import { etagMatches } from '../byte-range.ts';
import { actorOf } from '../plugins/authentication.ts';
import type { ApiServices } from '../services.ts';

/** A document never changes under its hash. */
const FOR_EVER = 'private, max-age=31536000, immutable';
const DAY_MS = 24 * 3_600_000;

/** Area-day documents, who holds them, who is ready, and the controller's own clock. */
export const planRoutes =
  (services: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { areaDirectory, areas, clock, plans, read, speakerIndex } = services;
    const tags = ['plans'];
    /** People see what is planned for their areas, also by a plan of a wider one. Loudspeakers fetch what a head of theirs names. */
    const requireReader = (actor: Actor, sha256: string) => {
      const named = plans.areasOf(sha256);
      if (named.length === 0)
        throw new DomainError('request.not_found', { what: 'plan document', id: sha256 });
      const { tree } = areaDirectory;
      const own = areas.scope(actor, 'broadcast:read', undefined);
      const sees = (id: string) => own.some((one) => tree.ancestry(one).includes(id));
      if (!named.some(sees)) throw refusal(actor, 'broadcast:read', named[0] ?? '');
    };

    const doubtFor = (own: readonly string[]): CommuneDoubtView => {
      const { tree } = areaDirectory;
      const doubt = communeDoubt(territoryOf(tree, speakerIndex));
      if (doubt === null) return null;
      // Of a territory without communes everybody is told, of loudspeakers who may see them; of areas beside the own ones nobody.
      const above = (id: string) => own.some((one) => tree.ancestry(one).includes(id));
      const here = doubt.areas.filter(doubt.kind === 'none' ? above : (id) => own.includes(id));
      const areas = here.map((areaId) => ({ areaId, name: nameOf(areaId, tree) }));
      return areas.length === 0 ? null : { kind: doubt.kind, areas };
    };

    app.route({
      method: ['GET', 'HEAD'],
      url: '/plans/:sha256',
      config: permissionOrSpeaker('broadcast:read'),
      schema: { summary: 'An area-day document in its exact bytes', tags, params: PlanParamsSchema },
      handler: async (request, reply) => {
        const { sha256 } = request.params;
        if (request.speakerId === null) requireReader(actorOf(request), sha256);
        const body = await read.plans.document(sha256);
        if (body === null) throw new DomainError('request.not_found', { what: 'plan document', id: sha256 });
        const etag = `"${sha256}"`;
        void reply.header('etag', etag).header('cache-control', FOR_EVER);
        if (etagMatches(request.headers['if-none-match'], etag)) return reply.code(304).send();
        return reply.type('text/plain; charset=utf-8').send(body);
      },
    });

    app.get(
      '/plans/state',
      {
        config: permission('broadcast:read'),
        schema: {
          summary: 'Plan heads of an area and who has them',
          tags,
          querystring: PlanStateQuerySchema,
          response: { 200: PlanStateSchema },
        },
      },
      async (request) => {
        const ids = areas.scope(actorOf(request), 'broadcast:read', request.query.area);
        return plans.told.state(new Set(ids));
      },
    );

    app.get(
      '/readiness',
      {
        config: permission('broadcast:read'),
        schema: {
          summary: 'Which loudspeakers would sound at the slots to come, and why others would not',
          tags,
          querystring: ReadinessQuerySchema,
          response: { 200: SlotReadinessListSchema },
        },
      },
      async (request) => {
        const { area, from = Math.floor(clock.now()), to = from + DAY_MS } = request.query;
        const ids = areas.scope(actorOf(request), 'broadcast:read', area);
        return {
          ...(await plans.readiness.report(new Set(ids), from, to)),
          clockDisputed: plans.guard.disputed,
          communeDoubt: doubtFor(ids),
        };
      },
    );

    const clockState = () => {
      const { dispute } = plans.guard;
      return {
        now: Math.floor(clock.now()),
        disputed: dispute !== null,
        since: dispute?.since ?? null,
        offMs: dispute?.offMs ?? null,
      };
    };

    app.get(
      '/system/clock',
      {
        config: permission('area:read'),
        schema: {
          summary: 'Whether the controller believes its own clock',
          tags: ['system'],
          response: { 200: ClockStateSchema },
        },
      },
      async () => clockState(),
    );

    app.post(
      '/system/clock/confirm',
      {
        config: permission('clock:confirm'),
        schema: {
          summary: "Vouch for the controller's clock as it is now",
          tags: ['system'],
          headers: IdempotencyHeadersSchema,
          response: { 200: ClockStateSchema },
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => {
          authorizeEverywhere(actor, 'clock:confirm', areaDirectory.tree);
          await plans.guard.confirm(tx, actor);
          return {
            status: 200,
            body: { now: Math.floor(clock.now()), disputed: false, since: null, offMs: null },
          };
        }),
    );
  };

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  AreaQuerySchema,
  EmergencyConfirmSchema,
  EmergencyDropSchema,
  EmergencyListSchema,
  type EmergencyOutcome,
  EmergencyOutcomeSchema,
  EmergencyRequestSchema,
  EmergencySchema,
  type EmergencyView,
  IdempotencyHeadersSchema,
  IdParamsSchema,
  ReviewListSchema,
  ReviewResolutionSchema,
} from '#protocols';
import { type Emergency, stateAt } from '../../domain/emergencies/emergency.ts';
import type { Outcome } from '../../domain/emergencies/emergency-service.ts';
import { permission, urgently } from '../access.ts';
import { act } from '../act.ts';
import { type PersonName, personName } from '../person-name.ts';
import { actorOf } from '../plugins/authentication.ts';
import type { ApiServices } from '../services.ts';
import { broadcastView } from '../views.ts';

/** Emergencies by people's word: at once, with a second person, or alone with a review afterwards. */
export const emergencyRoutes =
  (services: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { areas, clock, emergencies, needs, people } = services;
    const nameOf = personName(people.directory);
    const tags = ['emergencies'];
    const headers = IdempotencyHeadersSchema;
    const view = (one: Emergency) => emergencyView(one, clock.now(), nameOf);
    const outcome = ({ emergency, played }: Outcome): EmergencyOutcome => ({
      emergency: view(emergency),
      broadcast:
        played === null ? null : { ...broadcastView(played.broadcast), withheld: needs(played.missing) },
    });

    app.get(
      '/emergencies',
      {
        config: permission('broadcast:read'),
        schema: {
          summary: 'Emergencies that people asked for, newest first',
          tags,
          querystring: AreaQuerySchema,
          response: { 200: EmergencyListSchema },
        },
      },
      async (request) => {
        const areaIds = areas.scope(actorOf(request), 'broadcast:read', request.query.area);
        return { emergencies: (await emergencies.list(areaIds)).map(view) };
      },
    );

    app.post(
      '/emergencies',
      {
        config: urgently('broadcast:play'),
        schema: {
          summary: 'Air an emergency, or ask a second person where one is needed',
          tags,
          headers,
          body: EmergencyRequestSchema,
          response: { 201: EmergencyOutcomeSchema },
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => ({
          status: 201,
          body: outcome(await emergencies.ask(tx, actor, request.body)),
        })),
    );

    app.post(
      '/emergencies/:id/confirm',
      {
        config: urgently('broadcast:play'),
        schema: {
          summary: 'The second person’s word: it airs now',
          tags,
          headers,
          params: IdParamsSchema,
          body: EmergencyConfirmSchema,
          response: { 200: EmergencyOutcomeSchema },
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => ({
          status: 200,
          body: outcome(await emergencies.confirm(tx, actor, request.params.id, request.body.sha256)),
        })),
    );

    app.post(
      '/emergencies/:id/drop',
      {
        config: urgently('broadcast:cancel'),
        schema: {
          summary: 'Let one go that waits for a second person',
          tags,
          headers,
          params: IdParamsSchema,
          body: EmergencyDropSchema,
          response: { 200: EmergencySchema },
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => ({
          status: 200,
          body: view(await emergencies.drop(tx, actor, request.params.id, request.body.reason)),
        })),
    );

    app.get(
      '/reviews',
      {
        config: permission('broadcast:read'),
        schema: {
          summary: 'Emergencies that went out by one person’s word alone, newest first',
          tags,
          querystring: AreaQuerySchema,
          response: { 200: ReviewListSchema },
        },
      },
      async (request) => {
        const areaIds = areas.scope(actorOf(request), 'broadcast:read', request.query.area);
        return { reviews: (await emergencies.list(areaIds, true)).map(view) };
      },
    );

    app.post(
      '/reviews/:id/resolve',
      {
        config: permission('review:resolve'),
        schema: {
          summary: 'Say what to think of it; never who sent it out',
          tags,
          headers,
          params: IdParamsSchema,
          body: ReviewResolutionSchema,
          response: { 200: EmergencySchema },
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => ({
          status: 200,
          body: view(await emergencies.resolve(tx, actor, request.params.id, request.body)),
        })),
    );
  };

function emergencyView(emergency: Emergency, now: number, nameOf: PersonName): EmergencyView {
  const {
    request,
    askedByLeader: _,
    state: __,
    reviewedBy,
    reviewedAs,
    reviewedAt,
    justified,
    reviewNote,
    ...shown
  } = emergency;
  const nameIf = (name: string | null) => (name === null ? null : nameOf(name));
  return {
    ...shown,
    askedByName: nameOf(shown.askedBy),
    decidedByName: nameIf(shown.decidedBy),
    targets: request.targets,
    drill: request.drill ?? false,
    state: stateAt(emergency, now),
    review:
      shown.breakGlass === null
        ? null
        : {
            state: reviewedAt === null ? 'open' : 'resolved',
            ...{ by: reviewedBy, byName: nameIf(reviewedBy), as: reviewedAs },
            ...{ at: reviewedAt, justified, note: reviewNote },
          },
  };
}

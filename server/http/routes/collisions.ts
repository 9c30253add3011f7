import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  AreaQuerySchema,
  DecisionResultSchema,
  DecisionSchema,
  IdempotencyHeadersSchema,
  UndecidedListSchema,
} from '#protocols';
import type { Collision, PriorityAiring } from '../../domain/collisions/collision.ts';
import { permission } from '../access.ts';
import { act } from '../act.ts';
import { actorOf } from '../plugins/authentication.ts';
import { scheduleView } from '../schedule-views.ts';
import type { ApiServices } from '../services.ts';
import { broadcastView } from '../views.ts';

/** Two priority items at one loudspeaker: who comes first is put to people. */
export const collisionRoutes =
  (services: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { areas, collisions, decisions, speakerIndex } = services;
    const tags = ['collisions'];

    app.get(
      '/collisions',
      {
        config: permission('broadcast:read'),
        schema: {
          summary: 'Pairs of priority items of the next two days whose order nobody has decided',
          description: 'The event "priority.undecided" says when there is another one.',
          tags,
          querystring: AreaQuerySchema,
          response: { 200: UndecidedListSchema },
        },
      },
      async (request) => {
        const scope = new Set(areas.scope(actorOf(request), 'broadcast:read', request.query.area));
        const all = await collisions.undecided();
        const mine = all.filter(({ first, second }) => scope.has(first.areaId) || scope.has(second.areaId));
        // Which loudspeakers of others are meant is theirs; how many, everybody may know whom it concerns.
        const areaOf = (id: string) => {
          const areaId = speakerIndex.get(id)?.areaId ?? '';
          return scope.has(areaId) ? areaId : null;
        };
        return { undecided: mine.map((one) => collisionView(one, areaOf)) };
      },
    );

    app.post(
      '/collisions/decide',
      {
        config: permission('schedule:write'),
        schema: {
          summary: 'Say which of two priority items comes first; the other follows it',
          tags,
          headers: IdempotencyHeadersSchema,
          body: DecisionSchema,
          response: { 200: DecisionResultSchema },
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => {
          const { schedules, broadcast } = await decisions.decide(tx, actor, request.body);
          return {
            status: 200,
            body: {
              schedules: schedules.map(scheduleView),
              broadcast: broadcast === null ? null : broadcastView(broadcast),
            },
          };
        }),
    );
  };

/** `areaOf`: where a loudspeaker lies; null for those of others. */
function collisionView(
  { first, second, from, to, speakerIds }: Collision,
  areaOf: (id: string) => string | null,
) {
  const seen = speakerIds.filter((id) => areaOf(id) !== null);
  return {
    ...{ first: party(first), second: party(second) },
    ...{ from: Math.floor(from), to: Math.ceil(to) },
    ...{ speakerIds: seen, speakers: speakerIds.length },
    areaIds: [...new Set(seen.flatMap((id) => areaOf(id) ?? []))].sort(),
  };
}

function party({ scheduleId, originalAt, broadcastId, title, startsAt }: PriorityAiring) {
  return { scheduleId, originalAt, broadcastId, title, startsAt };
}

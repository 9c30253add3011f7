import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { DomainError, strict } from '#protocols';
import { reaches } from '../../domain/events/reach.ts';
import { permission } from '../access.ts';
import { EventStream } from '../event-stream.ts';
import { actorNow, actorOf } from '../plugins/authentication.ts';
import type { ApiServices } from '../services.ts';

/** Open streams at most: each costs a connection and a share of every event. */
const MOST_STREAMS = 500;
/** Of one person or machine, so that nobody takes them all. The console opens one for each page that is looked at. */
const MOST_PER_READER = 10;

const EventQuerySchema = strict({
  /** Instead of the header, for clients that cannot set it. */
  lastEventId: Type.Optional(Type.String({ maxLength: 64 })),
});

/** Live events of the actor's areas, and of what is meant for a wider one, as server-sent events with resume. */
export const eventRoutes =
  (services: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { areaDirectory, clock, events: hub } = services;
    /** The oldest first, with whose it is. */
    const open = new Map<EventStream, string>();
    app.addHook('preClose', async () => {
      for (const stream of [...open.keys()]) stream.close();
    });

    app.get(
      '/events',
      {
        config: { ...permission('broadcast:read'), longLived: true },
        schema: {
          summary: 'Live events (text/event-stream)',
          description:
            'Resume with Last-Event-ID. Of one reader ten are open at most: another one ends the oldest. An event "resync" says that events were lost: load what you show afresh.',
          tags: ['events'],
          querystring: EventQuerySchema,
        },
      },
      async (request, reply) => {
        const reader = actorOf(request).name;
        const [oldest, ...others] = [...open].flatMap(([stream, whose]) =>
          whose === reader ? [stream] : [],
        );
        // The newest is the one that is looked at; the oldest is often of a phone that lost its line, and if not it comes back and loses nothing.
        if (oldest !== undefined && others.length + 1 >= MOST_PER_READER) oldest.close();
        if (open.size >= MOST_STREAMS) throw new DomainError('request.too_many_streams', { open: open.size });
        const header = request.headers['last-event-id'];
        // What every answer carries; from here on the answer is the stream's.
        for (const [name, value] of Object.entries(reply.getHeaders()))
          if (value !== undefined) reply.raw.setHeader(name, value);
        void reply.hijack();
        const stream = new EventStream({
          hub,
          clock,
          response: reply.raw,
          // A browser that comes back by itself knows better than the address it began with.
          lastEventId: (Array.isArray(header) ? header[0] : header) ?? request.query.lastEventId,
          sees: (event) => {
            // Who was let in hours ago may have been deactivated since.
            const actor = actorNow(request, services);
            if (actor === null) stream.close();
            return actor !== null && reaches(event, actor, areaDirectory.tree);
          },
          holds: () => actorNow(request, services) !== null,
          onClose: () => open.delete(stream),
        });
        open.set(stream, reader);
        stream.open();
      },
    );
  };

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import {
  BroadcastSchema,
  IdempotencyHeadersSchema,
  IdParamsSchema,
  SpeakerChangeSchema,
  SpeakerCreatedSchema,
  SpeakerCreateSchema,
  SpeakerListQuerySchema,
  SpeakerListSchema,
  SpeakerSchema,
  SpeakerTestSchema,
  strict,
} from '#protocols';
import type { Actor } from '../../domain/accounts/actor.ts';
import type { NewCode } from '../../domain/enrolment/code-service.ts';
import type { Speaker, SpeakerStatus } from '../../domain/speakers/speaker.ts';
import type { Transaction } from '../../domain/unit-of-work.ts';
import { speakerSubject } from '../../domain/urgent/urgent-act.ts';
import { isUrgent } from '../../domain/urgent/urgent-speaker-changes.ts';
import { permission, urgently } from '../access.ts';
import { act, actNow, KEPT_LATER } from '../act.ts';
import { actorOf } from '../plugins/authentication.ts';
import type { ApiServices } from '../services.ts';
import { broadcastView, speakerView } from '../views.ts';
import { codeView, keptCodeCodec } from './enrolments.ts';

const ReasonSchema = strict({ reason: Type.String({ minLength: 1, maxLength: 512 }) });

const LIFECYCLE_ACTS = [
  ['block', 'Refuse its credentials and end its connection'],
  ['unblock', 'Let a blocked loudspeaker in again'],
  ['retire', 'Take it out of use for ever; its credentials are refused, its history stays'],
] as const;

/** Loudspeakers: what people enter about them and how they are. */
export const speakerRoutes =
  (services: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { areas, clock, codes, latches, read, speakerChanges, speakerIndex, speakers, speakerTests } =
      services;
    const tags = ['speakers'];
    const headers = IdempotencyHeadersSchema;

    const stopped = ({ id }: Speaker) => latches.holding(id).length > 0;
    const view = (speaker: Speaker, status: SpeakerStatus | undefined) =>
      speakerView(speaker, status, clock.now(), stopped(speaker));
    const withStatus = async (speaker: Speaker) => {
      const [status] = await read.speakers.statuses({ ids: [speaker.id] });
      return view(speaker, status);
    };

    const created = async (speaker: Speaker, made: NewCode) => ({
      speaker: view(speaker, undefined),
      enrolment: await codeView(made),
    });

    app.get(
      '/speakers',
      {
        config: permission('speaker:read'),
        schema: {
          summary: 'Loudspeakers with their status, in order of id',
          tags,
          querystring: SpeakerListQuerySchema,
          response: { 200: SpeakerListSchema },
        },
      },
      async (request) => {
        const { area, after, limit = 200 } = request.query;
        const areaIds = areas.scope(actorOf(request), 'speaker:read', area);
        // From memory: a page must not read the record of every loudspeaker of a province.
        const ids = [...speakerIndex.inAreas(new Set(areaIds))]
          .map(({ speakerId }) => speakerId)
          .filter((id) => after === undefined || id > after)
          .sort();
        const records = await speakers.some(ids.slice(0, limit));
        const page = records.sort((a, b) => (a.id < b.id ? -1 : 1));
        const statuses = await read.speakers.statuses({ ids: page.map(({ id }) => id) });
        const now = clock.now();
        const byId = new Map(statuses.map((status) => [status.speakerId, status]));
        return {
          speakers: page.map((speaker) => speakerView(speaker, byId.get(speaker.id), now, stopped(speaker))),
          next: ids.length > limit ? (page.at(-1)?.id ?? null) : null,
        };
      },
    );

    app.get(
      '/speakers/:id',
      {
        config: permission('speaker:read'),
        schema: {
          summary: 'One loudspeaker with its status',
          tags,
          params: IdParamsSchema,
          response: { 200: SpeakerSchema },
        },
      },
      async (request) => withStatus(await speakers.get(actorOf(request), request.params.id)),
    );

    app.post(
      '/speakers',
      {
        config: permission('speaker:provision'),
        schema: {
          summary: 'Enter a loudspeaker; its enrolment code is shown this once',
          tags,
          headers,
          body: SpeakerCreateSchema,
          response: { 201: SpeakerCreatedSchema },
        },
      },
      (request, reply) =>
        act(
          services,
          request,
          reply,
          async (tx, actor) => {
            const speaker = await speakers.create(tx, actor, request.body);
            const made = await codes.make(tx, actor, speaker.id, request.body.validHours);
            const stored = { speakerId: speaker.id, enrolmentId: made.enrolmentId };
            return { status: 201, body: await created(speaker, made), stored };
          },
          {
            replay: async (tx, kept) => {
              const { speakerId, enrolmentId } = keptCodeCodec.check(kept);
              const actor = actorOf(request);
              const made = await codes.makeAgain(tx, actor, speakerId, enrolmentId);
              return created(await speakers.find(tx, actor, 'speaker:provision', speakerId), made);
            },
          },
        ),
    );

    app.patch(
      '/speakers/:id',
      {
        config: urgently('speaker:mute'),
        schema: {
          summary: 'Change name, place, volume, mute or maintenance',
          description: `Whoever may do no more than mute (speaker:mute) changes "mute" alone. Where only volume, mute and maintenance are changed: ${KEPT_LATER}`,
          tags,
          headers,
          params: IdParamsSchema,
          body: SpeakerChangeSchema,
          response: { 200: SpeakerSchema, 202: SpeakerSchema },
        },
      },
      (request, reply) => {
        const { id } = request.params;
        const change = async (tx: Transaction, actor: Actor) => ({
          status: 200,
          body: await withStatus(await speakers.change(tx, actor, id, request.body)),
        });
        if (!isUrgent(request.body)) return act(services, request, reply, change);
        return actNow(services, request, reply, change, {
          subject: speakerSubject(id),
          plan: (actor) => speakerChanges.plan(actor, id, request.body, view),
        });
      },
    );

    app.post(
      '/speakers/:id/test',
      {
        config: permission('speaker:test'),
        schema: {
          summary: 'Let it sound a quiet test tone now, in testing hours',
          tags,
          headers,
          params: IdParamsSchema,
          body: SpeakerTestSchema,
          response: { 201: BroadcastSchema },
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => ({
          status: 201,
          body: broadcastView(await speakerTests.test(tx, actor, request.params.id, request.body)),
        })),
    );

    for (const [verb, summary] of LIFECYCLE_ACTS)
      app.post(
        `/speakers/:id/${verb}`,
        {
          config: permission('speaker:provision'),
          schema: {
            summary,
            tags,
            headers,
            params: IdParamsSchema,
            body: ReasonSchema,
            response: { 200: SpeakerSchema },
          },
        },
        (request, reply) =>
          act(services, request, reply, async (tx, actor) => ({
            status: 200,
            body: await withStatus(await speakers[verb](tx, actor, request.params.id, request.body.reason)),
          })),
      );
  };

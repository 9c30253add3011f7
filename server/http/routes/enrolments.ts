import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import {
  codec,
  EnrolmentBeginSchema,
  EnrolmentBegunSchema,
  type EnrolmentCode,
  EnrolmentCodeSchema,
  EnrolmentFinishedSchema,
  EnrolmentFinishSchema,
  EnrolmentRequestSchema,
  EnrolmentStateSchema,
  EnrolmentViewSchema,
  IdempotencyHeadersSchema,
  IdParamsSchema,
  IdSchema,
} from '#protocols';
import type { NewCode } from '../../domain/enrolment/code-service.ts';
import { anybody, permission } from '../access.ts';
import { act } from '../act.ts';
import { actorOf } from '../plugins/authentication.ts';
import { qrSvg } from '../qr.ts';
import type { ApiServices } from '../services.ts';

/** More than any of these requests has. */
const BODY_LIMIT_BYTES = 8 * 1024;

/** What is kept of an answer that holds a code: the code is not. */
export const keptCodeCodec = codec(
  'kept answer',
  Type.Object({ speakerId: IdSchema, enrolmentId: IdSchema }),
);

/** A code as it is shown once. */
export async function codeView({ code, uri, expiresAt }: NewCode): Promise<EnrolmentCode> {
  return { code, uri, qrSvg: await qrSvg(uri), expiresAt };
}

/** What a loudspeaker asks that has a code and nothing else. */
export const enrolmentRoutes =
  ({ enrolments }: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    const common = { config: anybody, bodyLimit: BODY_LIMIT_BYTES };
    const tags = ['trust'];

    app.post(
      '/enrolments/begin',
      {
        ...common,
        schema: {
          summary: 'A loudspeaker begins to enrol: what it is to believe, with a proof of the code',
          tags,
          body: EnrolmentBeginSchema,
          response: { 200: EnrolmentBegunSchema },
        },
      },
      async (request, reply) => {
        void reply.header('cache-control', 'no-store');
        return enrolments.begin(request.body);
      },
    );

    app.post(
      '/enrolments/finish',
      {
        ...common,
        schema: {
          summary: 'It proves the code and gets its MQTT secret, sealed',
          tags,
          body: EnrolmentFinishSchema,
          response: { 200: EnrolmentFinishedSchema },
        },
      },
      async (request, reply) => {
        void reply.header('cache-control', 'no-store');
        return enrolments.finish(request.body, request.ip);
      },
    );
  };

/** Enrolment codes, as people make them. */
export const enrolmentCodeRoutes =
  (services: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { codes } = services;
    const tags = ['speakers'];
    const headers = IdempotencyHeadersSchema;

    app.get(
      '/speakers/:id/enrolment',
      {
        config: permission('speaker:read'),
        schema: {
          summary: 'What became of its newest enrolment code; the code itself is shown once, when it is made',
          tags,
          params: IdParamsSchema,
          response: { 200: EnrolmentStateSchema },
        },
      },
      async (request) => ({ enrolment: await codes.state(actorOf(request), request.params.id) }),
    );

    app.post(
      '/speakers/:id/enrolment',
      {
        config: permission('speaker:provision'),
        schema: {
          summary: 'Make a new enrolment code; the one before is void',
          description:
            'For a loudspeaker whose board was replaced, or whose code is lost or over. What it has goes on working until the new code is used.',
          tags,
          headers,
          params: IdParamsSchema,
          body: EnrolmentRequestSchema,
          response: { 201: EnrolmentCodeSchema },
        },
      },
      (request, reply) =>
        act(
          services,
          request,
          reply,
          async (tx, actor) => {
            const { id: speakerId } = request.params;
            const made = await codes.make(tx, actor, speakerId, request.body.validHours);
            const stored = { speakerId, enrolmentId: made.enrolmentId };
            return { status: 201, body: await codeView(made), stored };
          },
          {
            replay: async (tx, kept) => {
              const { speakerId, enrolmentId } = keptCodeCodec.check(kept);
              return codeView(await codes.makeAgain(tx, actorOf(request), speakerId, enrolmentId));
            },
          },
        ),
    );

    app.delete(
      '/speakers/:id/enrolment',
      {
        config: permission('speaker:provision'),
        schema: {
          summary: 'Make its enrolment code void',
          tags,
          headers,
          params: IdParamsSchema,
          response: { 200: EnrolmentViewSchema },
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => ({
          status: 200,
          body: await codes.withdraw(tx, actor, request.params.id),
        })),
    );
  };

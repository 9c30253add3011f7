import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  AliveQuerySchema,
  AliveSchema,
  DomainError,
  HomeSchema,
  ReadySchema,
  RehomesSchema,
  StatementsQuerySchema,
  StatementsSchema,
  TimeQuerySchema,
  WhoAmISchema,
} from '#protocols';
import { permissionsOf } from '../../domain/accounts/actor.ts';
import { anybody, permission } from '../access.ts';
import { actorOf } from '../plugins/authentication.ts';
import type { ApiServices } from '../services.ts';

/** Whether the process lives and can work. */
export const probeRoutes =
  ({ readiness, version, processProof }: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/healthz',
      {
        config: anybody,
        schema: {
          summary: 'The process is alive',
          tags: ['system'],
          querystring: AliveQuerySchema,
          response: { 200: AliveSchema },
        },
      },
      async ({ query: { nonce } }) => ({
        alive: true as const,
        version,
        ...(nonce === undefined ? {} : { self: processProof.of(nonce) }),
      }),
    );

    app.get(
      '/readyz',
      {
        config: anybody,
        schema: {
          summary: 'The controller can broadcast',
          tags: ['system'],
          response: { 200: ReadySchema, 503: ReadySchema },
        },
      },
      async (_request, reply) => {
        const report = await readiness.report();
        return reply
          .code(report.ready ? 200 : 503)
          .send({ ready: report.ready, checks: { ...report.checks } });
      },
    );
  };

/** What a loudspeaker fetches before it trusts anything: signed by our keys, so anybody may have it. */
export const trustRoutes =
  ({ statements, rehomes, homeCard, time, trust }: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/keys/statements',
      {
        config: anybody,
        schema: {
          summary: 'Key statements after a number, in order',
          tags: ['trust'],
          querystring: StatementsQuerySchema,
          response: { 200: StatementsSchema },
        },
      },
      async (request) => ({ statements: [...statements.statementsAfter(request.query.after ?? 0)] }),
    );

    app.get(
      '/keys/rehomes',
      {
        config: anybody,
        schema: {
          summary: 'Documents that move loudspeakers to another controller, signed by a root',
          tags: ['trust'],
          response: { 200: RehomesSchema },
        },
      },
      async () => ({ rehomes: [...rehomes.inForce()] }),
    );

    app.get(
      '/keys/home',
      {
        config: anybody,
        schema: {
          summary:
            'This controller as the one that gives loudspeakers away has to name it: a file for `npm run keys -- rehome`',
          tags: ['trust'],
          response: { 200: HomeSchema },
        },
      },
      async () => homeCard(),
    );

    app.get(
      '/keys/authority',
      {
        config: anybody,
        schema: {
          summary: 'The authority (PEM) that our certificate is signed by, for phones and computers to trust',
          tags: ['trust'],
        },
      },
      async (_request, reply) => {
        const ca = trust.ca();
        if (ca === null) throw new DomainError('request.not_found', { what: 'authority', id: 'own' });
        return reply
          .type('application/x-x509-ca-cert')
          .header('content-disposition', 'attachment; filename="loa-lang-ca.crt"')
          .send(ca);
      },
    );

    app.get(
      '/time',
      {
        config: anybody,
        schema: {
          summary: 'Signed time for a nonce (application/jose)',
          tags: ['trust'],
          querystring: TimeQuerySchema,
        },
      },
      async (request, reply) => {
        const receivedAt = time.now();
        const signed = await time.reply({ v: 1, nonce: request.query.nonce }, receivedAt);
        return reply.type('application/jose').header('cache-control', 'no-store').send(signed);
      },
    );
  };

/** Figures for Prometheus. */
export const metricsRoute =
  ({ metrics }: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/metrics',
      {
        config: permission('speaker:read'),
        schema: { summary: 'Figures in the Prometheus text format', tags: ['system'] },
      },
      async (_request, reply) => reply.type(metrics.contentType).send(await metrics.page()),
    );
  };

/** Who the token is. */
export const whoAmIRoute =
  ({ clock }: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/me',
      {
        config: permission('area:read'),
        schema: { summary: 'Who I am and what I may do', tags: ['system'], response: { 200: WhoAmISchema } },
      },
      async (request) => {
        const actor = actorOf(request);
        const { name, grants } = actor;
        return {
          name,
          grants: grants.map(({ role, areas }) => ({
            role,
            areas: [...areas],
            permissions: [...permissionsOf(actor, role)],
          })),
          now: Math.floor(clock.now()),
        };
      },
    );
  };

import type { RequestListener, Server } from 'node:http';
import cookie from '@fastify/cookie';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyPluginAsync,
  LogController,
} from 'fastify';
import { API_ROOT, newId } from '#protocols';
import './access.ts';
import { trustedProxy } from './client-address.ts';
import { onlyPublicRoutes, requireAuthentication } from './plugins/authentication.ts';
import { mapErrors } from './plugins/errors.ts';
import { closeGracefully } from './plugins/graceful-close.ts';
import { describeApi, serveDescription } from './plugins/openapi.ts';
import { recordRefusals } from './plugins/refusals.ts';
import { countRequests, REQUESTS_PER_MINUTE } from './plugins/request-rate.ts';
import { compileSchemasLate } from './plugins/schema-compilers.ts';
import { secureHeaders } from './plugins/security-headers.ts';
import { cookieName } from './plugins/session-cookie.ts';
import { accountRoutes } from './routes/accounts.ts';
import { announcementRoutes } from './routes/announcements.ts';
import { areaRoutes } from './routes/areas.ts';
import { auditRoutes } from './routes/audit.ts';
import { backupRoutes } from './routes/backups.ts';
import { broadcastRoutes } from './routes/broadcasts.ts';
import { calendarRoutes } from './routes/calendar.ts';
import { collisionRoutes } from './routes/collisions.ts';
import { consoleRoutes } from './routes/console.ts';
import { coverageRoutes } from './routes/coverage.ts';
import { emergencyRoutes } from './routes/emergencies.ts';
import { enrolmentCodeRoutes, enrolmentRoutes } from './routes/enrolments.ts';
import { eventRoutes } from './routes/events.ts';
import { evidenceRoutes } from './routes/evidence.ts';
import { journalRoutes } from './routes/journal.ts';
import { keyRoutes } from './routes/keys.ts';
import { latchRoutes } from './routes/latches.ts';
import { mediaRoutes } from './routes/media.ts';
import { mediaJobRoutes } from './routes/media-jobs.ts';
import { ownAccountRoutes } from './routes/own-account.ts';
import { planRoutes } from './routes/plans.ts';
import { programmeRoutes } from './routes/programmes.ts';
import { scheduleRoutes } from './routes/schedules.ts';
import { setupRestoreRoutes } from './routes/setup-restore.ts';
import { signInRoutes } from './routes/sign-in.ts';
import { speakerRoutes } from './routes/speakers.ts';
import { standingRoutes } from './routes/standing-approvals.ts';
import { metricsRoute, probeRoutes, trustRoutes, whoAmIRoute } from './routes/system.ts';
import { tokenRoutes } from './routes/tokens.ts';
import type { ApiServices } from './services.ts';
import { spareSlowUploads } from './slow-uploads.ts';

/** Largest body that is not an upload: ten thousand loudspeakers named one by one. */
const BODY_LIMIT_BYTES = 1024 * 1024;
export const REQUEST_TIMEOUT_MS = 10 * 60_000;
/** A backup takes as long as its line needs; this long without a byte is the end of it. */
const UPLOAD_IDLE_MS = 3 * 60_000;

export interface ApiOptions {
  /** A server of one's own, with its own limits. */
  readonly server?: ((handler: RequestListener) => Server) | undefined;
  /** How long a backup that is sent may pause; three minutes by default. */
  readonly uploadIdleMs?: number;
  /** Requests of one person or machine in a minute; `REQUESTS_PER_MINUTE` by default. */
  readonly requestsPerMinute?: number;
}

/** Builds the HTTP API. It listens on no port. */
export async function buildApi(
  services: ApiServices,
  log: FastifyBaseLogger,
  options: ApiOptions = {},
): Promise<FastifyInstance> {
  const app: FastifyInstance = Fastify({
    loggerInstance: log,
    ...(options.server === undefined ? {} : { serverFactory: options.server }),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    genReqId: () => newId('req', services.clock.now()),
    return503OnClosing: true,
    forceCloseConnections: true,
    trustProxy: services.trustedProxies === '' ? false : trustedProxy(services.trustedProxies),
    routerOptions: { maxParamLength: 128 },
  });
  spareSlowUploads(app);
  compileSchemasLate(app);
  app.decorateRequest('actor', null);
  app.decorateRequest('session', null);
  app.decorateRequest('speakerId', null);
  secureHeaders(app);
  mapErrors(app, recordRefusals(app, services.refusals, services.people.publicUrl));
  observe(app, services);
  closeGracefully(app, services.clock);
  await describeApi(app, services.version, cookieName(services.people.publicUrl));

  await app.register(cookie);
  await app.register(publicRoutes(services, options.uploadIdleMs ?? UPLOAD_IDLE_MS));
  await app.register(privateRoutes(services, options.requestsPerMinute ?? REQUESTS_PER_MINUTE));
  return app;
}

/** Nobody is asked who he is here. */
const publicRoutes =
  (services: ApiServices, uploadIdleMs: number): FastifyPluginAsync =>
  async (app) => {
    onlyPublicRoutes(app, services.people.publicUrl);
    serveDescription(app);
    await app.register(consoleRoutes());
    await app.register(probeRoutes(services));
    await app.register(trustRoutes(services), { prefix: API_ROOT });
    await app.register(setupRestoreRoutes(services, uploadIdleMs), { prefix: API_ROOT });
    await app.register(signInRoutes(services), { prefix: API_ROOT });
    await app.register(enrolmentRoutes(services), { prefix: API_ROOT });
  };

/** Everything else. */
const privateRoutes =
  (services: ApiServices, requestsPerMinute: number): FastifyPluginAsync =>
  async (app) => {
    requireAuthentication(app, services, await countRequests(app, requestsPerMinute));
    await app.register(metricsRoute(services));
    const routes = [
      whoAmIRoute,
      ownAccountRoutes,
      accountRoutes,
      tokenRoutes,
      areaRoutes,
      speakerRoutes,
      enrolmentCodeRoutes,
      journalRoutes,
      evidenceRoutes,
      mediaJobRoutes,
      mediaRoutes,
      announcementRoutes,
      broadcastRoutes,
      emergencyRoutes,
      planRoutes,
      collisionRoutes,
      coverageRoutes,
      latchRoutes,
      keyRoutes,
      programmeRoutes,
      scheduleRoutes,
      standingRoutes,
      calendarRoutes,
      backupRoutes,
      auditRoutes,
      eventRoutes,
    ];
    for (const make of routes) await app.register(make(services), { prefix: API_ROOT });
  };

/** Each answer is counted by its route. */
function observe(app: FastifyInstance, { metrics }: ApiServices): void {
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown';
    metrics.observeRequest(request.method, route, reply.statusCode, reply.elapsedTime / 1000);
    const { method, actor, speakerId } = request;
    const who = actor?.name ?? speakerId ?? undefined;
    const ms = Math.round(reply.elapsedTime);
    request.log.debug({ method, route, status: reply.statusCode, ms, who }, 'request');
  });
}

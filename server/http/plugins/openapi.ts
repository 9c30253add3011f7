import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { API_ROOT, ErrorBodySchema } from '#protocols';
import { anybody } from '../access.ts';

/** Describes the routes that are registered after it. */
export async function describeApi(app: FastifyInstance, version: string, cookie: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Loa Làng',
        version,
        description: 'Controller of networked loudspeakers. Times are milliseconds since 1970 (UTC).',
      },
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer' },
          speaker: { type: 'http', scheme: 'basic', description: 'Loudspeaker id and secret' },
          session: { type: 'apiKey', in: 'cookie', name: cookie, description: 'A person who logged in' },
        },
      },
    },
    transform: ({ schema: own, url, route }) => {
      const access = route.config?.access;
      // Described here alone: a serializer of each route's own for one shape would double the time of the start.
      const answers = (own?.response ?? {}) as Record<string, unknown>;
      const schema = { ...own, response: { ...answers, '4xx': ErrorBodySchema, '5xx': ErrorBodySchema } };
      if (access === undefined || access === 'public') return { schema: { ...schema, security: [] }, url };
      const people = [{ session: [] }, ...(access === 'session' ? [] : [{ token: [] }])];
      const speakers = access !== 'session' && access.speakers === true ? [{ speaker: [] }] : [];
      const security = [...people, ...speakers];
      const note = access === 'session' ? 'Permission: own account.' : `Permission: ${access.permission}.`;
      const description = own?.description === undefined ? note : `${own.description} ${note}`;
      return { schema: { ...schema, security, description }, url };
    },
  });
}

/** Serves the description. */
export function serveDescription(app: FastifyInstance): void {
  app.get(`${API_ROOT}/openapi.json`, { config: anybody, schema: { hide: true } }, () => app.swagger());
}

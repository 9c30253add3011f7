import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { API_ROOT, DomainError } from '#protocols';
import { anybody } from '../access.ts';
import { etagMatches } from '../byte-range.ts';
import { type ConsoleFile, ConsoleFiles } from '../console-files.ts';

/** The hash is in the name: who has it once never asks again. */
const FOR_EVER = 'public, max-age=31536000, immutable';

/** Said where the program runs and nobody built its pages. */
const NOT_BUILT =
  'Giao diện web chưa được dựng: trên máy chủ chạy "npm run setup", rồi tải lại trang này.\n' +
  'The web console is not built: run "npm run setup" on the controller, then load this page again.\n';

/**
 * The web console. A browser that asks for a page gets the one page, which then shows what its address says; it learns nothing but what it
 * asks the API for.
 */
export const consoleRoutes =
  (files: ConsoleFiles = new ConsoleFiles()): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/assets/:name',
      { config: anybody, schema: { hide: true, params: Type.Object({ name: Type.String() }) } },
      async (request, reply) => {
        const file = await files.asset(request.params.name);
        if (file === null) throw unknownRoute(request);
        return send(request, reply.header('cache-control', FOR_EVER), file);
      },
    );

    app.get('/*', { config: anybody, schema: { hide: true } }, async (request, reply) => {
      if (!asksForPage(request)) throw unknownRoute(request);
      void reply.header('cache-control', 'no-cache');
      const page = await files.page();
      if (page === null) return reply.code(503).type('text/plain; charset=utf-8').send(NOT_BUILT);
      return send(request, reply, page);
    });
  };

/** Programs that mistyped a route of the API are told so; only browsers ask for pages. */
function asksForPage({ url, headers }: FastifyRequest): boolean {
  return !`${url}/`.startsWith(`${API_ROOT}/`) && (headers.accept ?? '').includes('text/html');
}

function send(request: FastifyRequest, reply: FastifyReply, file: ConsoleFile): FastifyReply {
  void reply.header('etag', file.etag);
  if (etagMatches(request.headers['if-none-match'], file.etag)) return reply.code(304).send();
  const packed = /\bgzip\b/.test(request.headers['accept-encoding']?.toString() ?? '');
  if (packed) void reply.header('content-encoding', 'gzip');
  return reply
    .type(file.type)
    .header('vary', 'accept, accept-encoding')
    .send(packed ? file.gzip : file.plain);
}

function unknownRoute({ method, url }: FastifyRequest): DomainError {
  const path = url.split('?', 1)[0] ?? '';
  return new DomainError('request.route_unknown', { method, path: path.slice(0, 200) });
}

import { createReadStream } from 'node:fs';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError, MediaParamsSchema } from '#protocols';
import type { Medium } from '../../domain/media/medium.ts';
import { MEDIUM_TYPE } from '../../domain/media/medium-content.ts';
import { permissionOrSpeaker } from '../access.ts';
import { etagMatches, parseRange, rangeStillHolds } from '../byte-range.ts';
import type { ApiServices } from '../services.ts';

/** Content never changes under its hash: who has it once never asks again. */
const FOR_EVER = 'private, max-age=31536000, immutable';

/** Prepared audio, for loudspeakers (HTTP Basic: speaker id and secret) and for people who listen before they approve. */
export const mediaRoutes =
  (services: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { content, read } = services;
    const config = permissionOrSpeaker('announcement:read');
    const tags = ['media'];

    app.route({
      method: ['GET', 'HEAD'],
      url: '/media/:sha256',
      config,
      schema: { summary: 'The audio file, whole or a range of it', tags, params: MediaParamsSchema },
      handler: async (request, reply) => {
        const { sha256 } = request.params;
        await authorizeHearing(services, request, sha256);
        const { path, bytes } = await content.open(sha256);
        const etag = `"${sha256}"`;
        void reply.header('accept-ranges', 'bytes');
        if (unchanged(request, reply, etag)) return reply;
        const { range: asked, 'if-range': ifRange } = request.headers;
        const range = rangeStillHolds(single(ifRange), etag) ? parseRange(asked, bytes) : undefined;
        if (range === null) {
          void reply.header('content-range', `bytes */${bytes}`);
          throw new DomainError('request.range_unsatisfiable', { bytes, range: (asked ?? '').slice(0, 100) });
        }
        const { first, last } = range ?? { first: 0, last: bytes - 1 };
        void reply.type(MEDIUM_TYPE).header('content-length', last - first + 1);
        void reply.header('content-disposition', `inline; filename="loa-lang-${sha256.slice(0, 12)}.opus"`);
        if (range !== undefined)
          void reply.code(206).header('content-range', `bytes ${first}-${last}/${bytes}`);
        if (request.method === 'HEAD') return reply.send();
        return reply.send(createReadStream(path, { start: first, end: last }));
      },
    });

    const text = (url: string, summary: string, read_: (medium: Medium) => { body: string; etag: string }) =>
      app.route({
        method: ['GET', 'HEAD'],
        url,
        config,
        schema: { summary, tags, params: MediaParamsSchema },
        handler: async (request, reply) => {
          const { sha256 } = request.params;
          await authorizeHearing(services, request, sha256);
          const medium = await read.media.get(sha256);
          if (medium === null) throw new DomainError('media.not_stored', { sha256 });
          const { body, etag } = read_(medium);
          if (unchanged(request, reply, etag)) return reply;
          return reply.type('application/json').send(body);
        },
      });

    text('/media/:sha256/chunks', 'The chunk list in its exact bytes', (medium) => ({
      body: medium.chunkList,
      etag: `"${medium.chunkListSha256}"`,
    }));
    text('/media/:sha256/peaks', 'The waveform', (medium) => ({
      body: medium.peaks,
      etag: `"peaks-${medium.sha256}"`,
    }));
  };

/** Loudspeakers know a hash from a signed order alone, and prove its content by it. */
async function authorizeHearing(
  { hearing }: ApiServices,
  { actor }: FastifyRequest,
  sha256: string,
): Promise<void> {
  if (actor !== null) await hearing.authorize(actor, sha256);
}

/** Sets the validators, and answers 304 when the client holds it already. */
function unchanged(request: FastifyRequest, reply: FastifyReply, etag: string): boolean {
  void reply.header('etag', etag).header('cache-control', FOR_EVER);
  if (!etagMatches(request.headers['if-none-match'], etag)) return false;
  void reply.code(304).send();
  return true;
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(',') : header;
}

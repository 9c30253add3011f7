import multipart from '@fastify/multipart';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import {
  DomainError,
  IdempotencyHeadersSchema,
  IdParamsSchema,
  MediaJobSchema,
  UploadQuerySchema,
} from '#protocols';
import { authorize } from '../../domain/accounts/actor.ts';
import type { KeptUpload } from '../../domain/media/media-jobs.ts';
import type { MediaJob } from '../../domain/media/medium.ts';
import { permission } from '../access.ts';
import { act, idempotencyKey } from '../act.ts';
import { asMalformed } from '../malformed-form.ts';
import { actorOf } from '../plugins/authentication.ts';
import type { ApiServices } from '../services.ts';
import { mediaJobView } from '../views.ts';

/** Room for the form around the file. */
const FORM_BYTES = 64 * 1024;

interface Upload {
  readonly areaId: string;
  readonly name: string;
  readonly kept: KeptUpload;
}

/** Audio coming in, and its preparation. */
export const mediaJobRoutes =
  (services: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { mediaJobs, read, uploadLimitBytes: limit } = services;
    const tags = ['media'];
    await app.register(multipart, {
      limits: {
        files: 1,
        fields: 4,
        fieldSize: 256,
        parts: 5,
        headerPairs: 20,
        fileSize: limit + FORM_BYTES,
      },
    });

    const view = async (job: MediaJob) =>
      mediaJobView(job, job.sha256 === null ? null : await read.media.get(job.sha256));

    app.post(
      '/media',
      {
        config: permission('media:write'),
        schema: {
          summary:
            'Bring in audio: multipart/form-data with one part "file"; answers with the job that prepares it',
          description:
            'The Idempotency-Key stands for area and content of the file: a repeated upload of the same bytes gives the first job.',
          tags,
          consumes: ['multipart/form-data'],
          headers: IdempotencyHeadersSchema,
          querystring: UploadQuerySchema,
          response: { 202: MediaJobSchema },
        },
      },
      async (request, reply) => {
        // Before a byte is stored.
        idempotencyKey(request);
        refuseByLength(request, limit);
        const { areaId, name, kept } = await receive(services, request).catch((error: unknown) => {
          throw asMalformed(error);
        });
        try {
          return await act(
            services,
            request,
            reply,
            async (tx, actor) => ({
              status: 202,
              body: mediaJobView(await mediaJobs.accept(tx, actor, areaId, name, kept), null),
            }),
            { fingerprint: [areaId, kept.sha256] },
          );
        } finally {
          // No job was made of it when the request failed or was a repetition.
          await mediaJobs.discard(kept);
        }
      },
    );

    app.get(
      '/media/jobs/:id',
      {
        config: permission('announcement:read'),
        schema: {
          summary: 'A preparation and how far it is',
          tags,
          params: IdParamsSchema,
          response: { 200: MediaJobSchema },
        },
      },
      async (request) => view(await mediaJobs.get(actorOf(request), request.params.id)),
    );

    app.post(
      '/media/jobs/:id/cancel',
      {
        config: permission('media:write'),
        schema: {
          summary: 'Give up a preparation',
          tags,
          headers: IdempotencyHeadersSchema,
          params: IdParamsSchema,
          response: { 200: MediaJobSchema },
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => ({
          status: 200,
          body: mediaJobView(await mediaJobs.cancel(tx, actor, request.params.id), null),
        })),
    );
  };

/** Takes the form's file in. The area may come in the query, or as a field before the file. */
async function receive(
  { areaDirectory, mediaJobs }: ApiServices,
  request: FastifyRequest<{ Querystring: { area?: string } }>,
): Promise<Upload> {
  if (!request.isMultipart()) throw new DomainError('upload.no_file');
  const actor = actorOf(request);
  let areaId = request.query.area;
  for await (const part of request.parts()) {
    if (part.type === 'field') {
      if (part.fieldname === 'area' && typeof part.value === 'string') areaId ??= part.value;
      continue;
    }
    if (part.fieldname !== 'file' || areaId === undefined) {
      part.file.resume();
      throw new DomainError('upload.no_file');
    }
    try {
      authorize(actor, 'media:write', areaId, areaDirectory.tree);
      return { areaId, name: part.filename || 'audio', kept: await mediaJobs.receive(part.file) };
    } catch (error) {
      // What is still on its way is read and thrown away, so that the client hears the answer.
      part.file.resume();
      throw error;
    }
  }
  throw new DomainError('upload.no_file');
}

function refuseByLength(request: FastifyRequest, limit: number): void {
  const bytes = Number(request.headers['content-length'] ?? 0);
  if (bytes > limit + FORM_BYTES) throw new DomainError('media.too_large', { bytes, limit });
}

import multipart from '@fastify/multipart';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import {
  DomainError,
  RestoreConfirmationSchema,
  RestorePassphraseSchema,
  RestoreStateSchema,
  SETUP_SECRET_HEADER,
} from '#protocols';
import { anybody } from '../access.ts';
import { asMalformed } from '../malformed-form.ts';
import type { ApiServices } from '../services.ts';
import { allowSlowUpload } from '../slow-uploads.ts';

/** As long as a backup may be; the disk says the rest. */
const MOST_BYTES = 1024 ** 4;

/**
 * Putting a backup back on a controller that nobody has set up yet: its one-time secret is the key. The upload may take as long as
 * its line needs, and pause for `idleMs`.
 */
export const setupRestoreRoutes =
  ({ setupRestore }: ApiServices, idleMs: number): FastifyPluginAsyncTypebox =>
  async (app) => {
    await app.register(multipart, {
      limits: { files: 1, fields: 1, fieldSize: 256, parts: 2, headerPairs: 20, fileSize: MOST_BYTES },
    });
    const tags = ['setup'];

    app.post(
      '/setup/restore',
      {
        config: anybody,
        schema: {
          summary:
            'Put a backup back: multipart/form-data with a field "passphrase" and after it one part "file"',
          description: `Needs the setup secret in the header "${SETUP_SECRET_HEADER}". Answers when the file is here; then it is read and checked, and waits half an hour to be confirmed.`,
          tags,
          consumes: ['multipart/form-data'],
          response: { 202: RestoreStateSchema },
        },
      },
      async (request, reply) => {
        await setupRestore.admit(secretOf(request));
        allowSlowUpload(request, idleMs);
        if (!request.isMultipart()) throw new DomainError('upload.no_file');
        try {
          let passphrase: string | undefined;
          for await (const part of request.parts()) {
            if (part.type === 'field') {
              if (part.fieldname === 'passphrase' && typeof part.value === 'string') passphrase = part.value;
              continue;
            }
            if (passphrase === undefined || part.fieldname !== 'file') {
              part.file.resume();
              throw new DomainError('upload.no_file');
            }
            return await reply.code(202).send(await setupRestore.begin(passphrase, part.file));
          }
        } catch (error) {
          throw asMalformed(error);
        }
        throw new DomainError('upload.no_file');
      },
    );

    app.post(
      '/setup/restore/passphrase',
      {
        config: anybody,
        schema: {
          summary: 'Another passphrase for the backup that was sent; needs the setup secret',
          tags,
          body: RestorePassphraseSchema,
          response: { 202: RestoreStateSchema },
        },
      },
      async (request, reply) =>
        reply.code(202).send(await setupRestore.tryAgain(secretOf(request), request.body.passphrase)),
    );

    app.post(
      '/setup/restore/confirm',
      {
        config: anybody,
        schema: {
          summary:
            'Say that what was read is the backup to be put back; the controller starts again on it. Needs the setup secret',
          tags,
          body: RestoreConfirmationSchema,
          response: { 202: RestoreStateSchema },
        },
      },
      async (request, reply) =>
        reply.code(202).send(await setupRestore.confirm(secretOf(request), request.body)),
    );

    app.delete(
      '/setup/restore',
      {
        config: anybody,
        schema: {
          summary: 'Give up the backup that was sent; needs the setup secret',
          tags,
          response: { 200: RestoreStateSchema },
        },
      },
      async (request) => setupRestore.cancel(secretOf(request)),
    );

    app.get(
      '/setup/restore',
      {
        config: anybody,
        schema: {
          summary: 'How far it is; needs the setup secret',
          tags,
          response: { 200: RestoreStateSchema },
        },
      },
      async (request) => setupRestore.state(secretOf(request)),
    );
  };

function secretOf(request: FastifyRequest): string {
  const secret = request.headers[SETUP_SECRET_HEADER];
  return typeof secret === 'string' ? secret : '';
}

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { IdParamsSchema, JournalExportSchema, JournalQuerySchema } from '#protocols';
import { permission } from '../access.ts';
import { actorOf } from '../plugins/authentication.ts';
import type { ApiServices } from '../services.ts';

/** A speaker's journal with all that a third party needs to verify it without us. */
export const journalRoutes =
  (services: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/speakers/:id/journal',
      {
        config: permission('journal:read'),
        schema: {
          summary: 'Export of a journal: exact lines, signatures, keys, key statements',
          tags: ['receipts'],
          params: IdParamsSchema,
          querystring: JournalQuerySchema,
          response: { 200: JournalExportSchema },
        },
      },
      async (request) => {
        const { read, speakers, statements } = services;
        const { from = 1, limit = 1000 } = request.query;
        const speaker = await speakers.get(actorOf(request), request.params.id, 'journal:read');
        const newest = (await read.speakers.journals([speaker.id])).get(speaker.id);
        const epoch = request.query.epoch ?? newest?.epoch ?? null;
        const { rows, batches } =
          epoch === null
            ? { rows: [], batches: [] }
            : await read.receipts.journal(speaker.id, epoch, from, limit);
        const { keyId, publicKey } = speaker;
        const last = rows.at(-1);
        return {
          speakerId: speaker.id,
          epoch,
          rows: rows.map(({ seq, hash, line, flags, batchId }) => ({
            seq,
            hash,
            line,
            flags: [...flags],
            batchId,
          })),
          batches: batches.map(({ id, keyId: signer, headSeq, headHash, signature, receivedAt }) => ({
            id,
            keyId: signer,
            headSeq,
            headHash,
            signature,
            receivedAt,
          })),
          keys: keyId === null || publicKey === null ? {} : { [keyId]: publicKey },
          statements: [...statements.statementsAfter(0)],
          next: rows.length >= limit && last !== undefined ? last.seq + 1 : null,
        };
      },
    );
  };

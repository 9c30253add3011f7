import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { IdParamsSchema, JournalExportSchema, JournalQuerySchema } from '#protocols';
import type { BatchRow, JournalRow, ReceiptStore } from '../../domain/deliveries/receipts.ts';
import { namedKeys } from '../../domain/enrolment/enrolment.ts';
import { permission } from '../access.ts';
import { actorOf } from '../plugins/authentication.ts';
import type { ApiServices } from '../services.ts';

/** Entries under one number that an export looks for behind a page's end. */
const MOST_FORKS = 100;

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
        const { rows, batches, next }: JournalPage =
          epoch === null
            ? { rows: [], batches: [], next: null }
            : await journalPage(read.receipts, speaker.id, epoch, from, limit);
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
          keys: { ...(await namedKeys(read.enrolments, speaker.id)) },
          statements: [...statements.statementsAfter(0)],
          next,
        };
      },
    );
  };

interface JournalPage {
  readonly rows: readonly JournalRow[];
  readonly batches: readonly BatchRow[];
  /** Number with which the next page begins. */
  readonly next: number | null;
}

/** A page that does not end between an entry and the forks under its number, because `next` is a number. */
async function journalPage(
  receipts: Pick<ReceiptStore, 'journal'>,
  speakerId: string,
  epoch: string,
  from: number,
  limit: number,
): Promise<JournalPage> {
  const { rows, batches } = await receipts.journal(speakerId, epoch, from, limit);
  const last = rows.at(-1);
  if (last === undefined || rows.length < limit) return { rows, batches, next: null };
  const under = await receipts.journal(speakerId, epoch, last.seq, MOST_FORKS);
  const forks = under.rows.filter(
    ({ seq, hash }) => seq === last.seq && !rows.some((row) => row.seq === seq && row.hash === hash),
  );
  const signed = under.batches.filter(
    ({ id }) => forks.some(({ batchId }) => batchId === id) && !batches.some((batch) => batch.id === id),
  );
  return { rows: [...rows, ...forks], batches: [...batches, ...signed], next: last.seq + 1 };
}

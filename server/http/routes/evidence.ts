import { Readable } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import { EvidenceQuerySchema } from '#protocols';
import { permission } from '../access.ts';
import { jsonPieces } from '../json-pieces.ts';
import { actorOf } from '../plugins/authentication.ts';
import type { ApiServices } from '../services.ts';

/** Where the page takes its data in; "null" stands there until then. */
const DATA_PLACE = 'id="evidence">';

/** What loudspeakers reported, for somebody who does not have to believe us. */
export const evidenceRoutes =
  (services: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { evidence, evidencePage, clock } = services;
    const tags = ['receipts'];
    const config = permission('journal:read');
    const fileName = ({ area, from, to }: { area: string; from: number; to: number }, ending: string) => {
      const day = (at: number) => new Date(at).toISOString().slice(0, 10);
      return `attachment; filename="loa-lang-${area}-${day(from)}-${day(to - 1)}.${ending}"`;
    };

    app.get(
      '/evidence',
      {
        config,
        schema: {
          summary:
            'Journals, signatures, keys and orders of an area as one file (JSON): "npm run verify" checks it',
          tags,
          querystring: EvidenceQuerySchema,
        },
      },
      async (request, reply) => {
        const file = await evidence.collect(actorOf(request), request.query);
        const plain: FastifyReply = reply;
        void plain.header('content-disposition', fileName(request.query, 'json'));
        return plain.type('application/json').send(Readable.from(jsonPieces(file, clock)));
      },
    );

    app.get(
      '/evidence/page',
      {
        config,
        schema: {
          summary: 'The same inside one HTML page that checks it in any browser, without network',
          tags,
          querystring: EvidenceQuerySchema,
        },
      },
      async (request, reply) => {
        const file = await evidence.collect(actorOf(request), request.query);
        const page = await evidencePage();
        const place = page.indexOf(DATA_PLACE) + DATA_PLACE.length;
        async function* filled() {
          yield page.slice(0, place);
          // Inside a script element: in JSON "<" stands in texts alone.
          for await (const piece of jsonPieces(file, clock)) yield piece.replaceAll('<', '\\u003c');
          yield page.slice(place + 'null'.length);
        }
        const plain: FastifyReply = reply;
        void plain.header('content-disposition', fileName(request.query, 'html'));
        return plain.type('text/html; charset=utf-8').send(Readable.from(filled()));
      },
    );
  };

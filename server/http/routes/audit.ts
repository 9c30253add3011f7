import { Readable } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import { AuditExportQuerySchema, AuditListSchema, AuditQuerySchema } from '#protocols';
import type { AuditEntry } from '../../domain/audit/audit.ts';
import { permission } from '../access.ts';
import { BYTE_ORDER_MARK, csvLine } from '../csv.ts';
import { actorOf } from '../plugins/authentication.ts';
import type { ApiServices } from '../services.ts';

const COLUMNS = [
  ...['seq', 'time', 'actor', 'role', 'origin', 'action', 'subject', 'area', 'detail'],
  ...['before', 'after', 'previousHash', 'hash'],
];

/** Who did what, where from and when. No route changes or deletes any of it. */
export const auditRoutes =
  ({ auditLog, clock }: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    const tags = ['audit'];
    const config = permission('audit:read');

    app.get(
      '/audit',
      {
        config,
        schema: {
          summary: 'The audit log of the own areas, newest first',
          tags,
          querystring: AuditQuerySchema,
          response: { 200: AuditListSchema },
        },
      },
      async (request) => {
        const { limit = 100, before, ...query } = request.query;
        return { entries: await auditLog.page(actorOf(request), query, { limit, before }) };
      },
    );

    app.get(
      '/audit/export',
      {
        config,
        schema: {
          summary: 'The same as a file, oldest first: CSV for spreadsheets, JSON for programs',
          tags,
          querystring: AuditExportQuerySchema,
        },
      },
      async (request, reply) => {
        const { format, ...query } = request.query;
        const pages = auditLog.pages(actorOf(request), query);
        const day = new Date(clock.now()).toISOString().slice(0, 10);
        const plain: FastifyReply = reply;
        void plain.header('content-disposition', `attachment; filename="loa-lang-audit-${day}.${format}"`);
        void plain.header('cache-control', 'no-store');
        void plain.type(format === 'csv' ? 'text/csv; charset=utf-8' : 'application/json');
        return plain.send(Readable.from(format === 'csv' ? csvOf(pages) : jsonOf(pages)));
      },
    );
  };

async function* csvOf(pages: AsyncIterable<AuditEntry[]>): AsyncGenerator<string, void> {
  yield BYTE_ORDER_MARK + csvLine(COLUMNS);
  for await (const page of pages) yield page.map((entry) => csvLine(cellsOf(entry))).join('');
}

function cellsOf(entry: AuditEntry): (string | number | null)[] {
  const { seq, at, actor, role, origin, action, subject, areaId } = entry;
  const { detail, before, after, previousHash, hash } = entry;
  const time = new Date(at).toISOString();
  return [
    ...[seq, time, actor, role, origin, action, subject, areaId],
    ...[detail, before, after, previousHash, hash],
  ];
}

async function* jsonOf(pages: AsyncIterable<AuditEntry[]>): AsyncGenerator<string, void> {
  let before = '{"format":"loa-audit/1","entries":[';
  for await (const page of pages) {
    yield before + page.map((entry) => JSON.stringify(entry)).join(',');
    before = ',';
  }
  yield before === ',' ? ']}' : `${before}]}`;
}

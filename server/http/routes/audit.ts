import { Readable } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import {
  type AuditEntryView,
  AuditExportQuerySchema,
  AuditHeadListSchema,
  AuditHeadParamsSchema,
  AuditHeadQuerySchema,
  AuditHeadSheetQuerySchema,
  AuditHeadViewSchema,
  AuditListSchema,
  AuditQuerySchema,
  IdempotencyHeadersSchema,
  strict,
} from '#protocols';
import type { AuditEntry } from '../../domain/audit/audit.ts';
import { HEAD_PAGE_POLICY, headHtml, headText } from '../../domain/audit/head-text.ts';
import { permission } from '../access.ts';
import { act } from '../act.ts';
import { auditView, signedBy } from '../audit-view.ts';
import { BYTE_ORDER_MARK, csvLine } from '../csv.ts';
import { bareName } from '../person-name.ts';
import { actorOf } from '../plugins/authentication.ts';
import type { ApiServices } from '../services.ts';

const COLUMNS = [
  ...['seq', 'time', 'actor', 'name', 'signed', 'role', 'origin', 'action', 'subject', 'area', 'detail'],
  ...['before', 'after', 'previousHash', 'hash'],
];

/** Who did what, where from and when. No route changes or deletes any of it. */
export const auditRoutes =
  (services: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { auditHeads, auditLog, clock, headDelivery, headPlace, people, statements } = services;
    const view = (entry: AuditEntry) => auditView(entry, bareName(people.directory));
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
        const entries = await auditLog.page(actorOf(request), query, { limit, before });
        return { entries: entries.map(view) };
      },
    );

    app.get(
      '/audit/heads',
      {
        config,
        schema: {
          summary: 'Signed heads of the audit log, newest first, and where outside they have got to',
          tags,
          querystring: AuditHeadQuerySchema,
          response: { 200: AuditHeadListSchema },
        },
      },
      async (request) => {
        const { before, limit = 31 } = request.query;
        const heads = await auditHeads.page(actorOf(request), before, limit);
        return { heads, outside: await headDelivery.states() };
      },
    );

    app.post(
      '/audit/heads',
      {
        config,
        schema: {
          summary: 'Sign the head of this moment; it goes to the places outside like that of a day',
          tags,
          headers: IdempotencyHeadersSchema,
          body: strict({}),
          response: { 201: AuditHeadViewSchema },
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => ({
          status: 201,
          body: await auditHeads.makeNow(tx, actor),
        })),
    );

    app.get(
      '/audit/heads/:n/sheet',
      {
        config,
        schema: {
          summary: 'One head to print, or as plain text, its hash in groups',
          tags,
          params: AuditHeadParamsSchema,
          querystring: AuditHeadSheetQuerySchema,
        },
      },
      async (request, reply) => {
        const head = await auditHeads.get(actorOf(request), request.params.n);
        const isText = request.query.format === 'text';
        const plain: FastifyReply = reply;
        if (!isText) void plain.header('content-security-policy', HEAD_PAGE_POLICY);
        void plain.type(isText ? 'text/plain; charset=utf-8' : 'text/html; charset=utf-8');
        return plain.send(isText ? headText(head, headPlace()) : headHtml(head, headPlace()));
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
        void plain.type(format === 'csv' ? 'text/csv; charset=utf-8' : 'application/json');
        return plain.send(
          Readable.from(format === 'csv' ? csvOf(pages, view) : jsonOf(pages, statements.statementsAfter(0))),
        );
      },
    );
  };

async function* csvOf(
  pages: AsyncIterable<AuditEntry[]>,
  view: (entry: AuditEntry) => AuditEntryView,
): AsyncGenerator<string, void> {
  yield BYTE_ORDER_MARK + csvLine(COLUMNS);
  for await (const page of pages) yield page.map((entry) => csvLine(cellsOf(view(entry)))).join('');
}

function cellsOf(entry: AuditEntryView): (string | number | null)[] {
  const { seq, at, actor, actorName, role, origin, action, subject, areaId } = entry;
  const { detail, before, after, previousHash, hash } = entry;
  const time = new Date(at).toISOString();
  return [
    ...[seq, time, actor, actorName, signedBy(entry), role, origin, action, subject, areaId],
    ...[detail, before, after, previousHash, hash],
  ];
}

/** With the key statements, by which the signatures of heads are proved. */
async function* jsonOf(
  pages: AsyncIterable<AuditEntry[]>,
  statements: readonly string[],
): AsyncGenerator<string, void> {
  const start = `{"format":"loa-audit/1","statements":${JSON.stringify(statements)},"entries":[`;
  let before = start;
  for await (const page of pages) {
    yield before + page.map((entry) => JSON.stringify(entry)).join(',');
    before = ',';
  }
  yield before === start ? `${start}]}` : ']}';
}

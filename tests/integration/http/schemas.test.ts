import '@fastify/swagger';
import { expect, it } from 'vitest';
import { ROLES } from '../../../server/domain/accounts/roles.ts';
import { serializerOf } from '../../../server/http/plugins/schema-compilers.ts';
import { type Problem, startController } from './support.ts';

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
}
type Content = { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> };
interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}

const schemaOf = (part: Content | undefined) => Object.values(part?.content ?? {})[0]?.schema;

/** Fields that take what is not named, or text and lists without end. */
function* loose(schema: Schema, at: string): Generator<string> {
  for (const one of schema.anyOf ?? []) yield* loose(one, at);
  if (schema.type === 'object' || schema.properties !== undefined) {
    if (schema.additionalProperties !== false) yield `${at} takes what is not named`;
    for (const [name, field] of Object.entries(schema.properties ?? {})) yield* loose(field, `${at}/${name}`);
  }
  if (schema.type === 'array') {
    if (schema.maxItems === undefined) yield `${at} is a list without end`;
    if (schema.items !== undefined) yield* loose(schema.items, `${at}[]`);
  }
  const bounded = schema.maxLength ?? schema.enum ?? schema.const ?? schema.pattern;
  if (schema.type === 'string' && bounded === undefined) yield `${at} is a text without end`;
}

/** Files, streams and figures: their bytes are what they are, and no JSON of ours. */
const FILES = [
  ...['GET /api/v1/time', 'GET /metrics', 'GET /api/v1/events', 'GET /api/v1/audit/export'],
  'GET /api/v1/audit/heads/{n}/sheet',
  'GET /api/v1/keys/authority',
  ...['GET /api/v1/evidence', 'GET /api/v1/evidence/page'],
  ...['', '/chunks', '/peaks'].flatMap((file) => [
    `GET /api/v1/media/{sha256}${file}`,
    `HEAD /api/v1/media/{sha256}${file}`,
  ]),
  ...['GET /api/v1/plans/{sha256}', 'HEAD /api/v1/plans/{sha256}'],
];

/** What browsers make of a passkey has fields that a later browser may add to; the table of holidays is read by its own reader. */
const FOREIGN = [
  /^POST .*: body(\/passkey|\/response|\/clientExtensionResults)+ /,
  /^PUT \/api\/v1\/holidays: /,
];

function problemsOf(route: string, path: string, { parameters = [], requestBody, responses }: Operation) {
  const good = Object.entries(responses).filter(([status]) => status.startsWith('2'));
  const told = good.some(([status, answer]) => status === '204' || schemaOf(answer) !== undefined);
  const places = (path.match(/\{[^}]+\}/g) ?? []).map((place) => place.slice(1, -1));
  const named = parameters.filter((one) => one.in === 'path').map(({ name }) => name);
  const asked = parameters.filter((one) => one.in !== 'header');
  const body = schemaOf(requestBody);
  return [
    ...(told || FILES.includes(route) ? [] : ['no schema of the answer']),
    ...places.filter((place) => !named.includes(place)).map((place) => `no schema of ${place}`),
    ...asked.flatMap(({ name, schema }) => [...loose(schema, name)]),
    ...(body === undefined ? [] : loose(body, 'body')),
  ].map((problem) => `${route}: ${problem}`);
}

it('has a schema for what every route takes and gives, strict and with an end to every text', {
  timeout: 120_000,
}, async () => {
  const controller = await startController();
  const paths = controller.app.swagger().paths as Readonly<
    Record<string, Readonly<Record<string, Operation>>>
  >;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  expect(operations.length).toBeGreaterThan(60);
  const problems = operations.flatMap(({ path, method, operation }) =>
    problemsOf(`${method} ${path}`, path, operation),
  );
  expect(problems.filter((problem) => !FOREIGN.some((pattern) => pattern.test(problem)))).toEqual([]);

  // They are compiled when an answer is first written: none may fail then.
  const answers = operations.flatMap(({ operation }) =>
    Object.values(operation.responses).flatMap((answer) => schemaOf(answer) ?? []),
  );
  expect(answers.length).toBeGreaterThan(200);
  for (const schema of answers) expect(serializerOf(schema)).toBeTypeOf('function');

  const searching = operations.filter(
    ({ method, path, operation }) =>
      method === 'GET' && !path.includes('{') && operation.parameters?.some((one) => one.in === 'query'),
  );
  expect(searching.length).toBeGreaterThan(8);
  for (const { path } of searching) {
    const given = await Promise.all(
      ROLES.map((role) => controller.get<Problem>(role, `${path}?surely-unknown=1`)),
    );
    const statuses = new Set(given.map(({ status }) => status).filter((status) => status !== 403));
    expect([path, ...statuses]).toEqual([path, 400]);
  }
});

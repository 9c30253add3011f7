import { describe, expect, it } from 'vitest';
import '@fastify/swagger';
import {
  GRANTS,
  MACHINE_ROLES,
  PERSONS_ONLY,
  type Permission,
  ROLES,
} from '../../../server/domain/accounts/roles.ts';
import { type RouteCase, routeCases } from './route-cases.ts';
import { startMonday } from './schedule-support.ts';
import { COMMUNE, ELSEWHERE, type Problem, startController, type Who } from './support.ts';

interface Operation {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  /** Null: anybody; `own account`: whoever is logged in. */
  readonly permission: Permission | 'own account' | null;
}

/** Every route of the API's own description, with the permission that it declares. */
function operationsOf(description: { paths?: object }): Operation[] {
  return Object.entries(description.paths ?? {}).flatMap(([template, methods]) =>
    Object.entries(methods as Record<string, { description?: string; security: object[] }>).map(
      ([verb, { description: text = '', security }]) => {
        const method = verb.toUpperCase();
        const path = template
          .replace('{sha256}', 'a'.repeat(64))
          .replace('{name}', 'nobody-has-this-name')
          // An area that does not exist is nobody's: only one that does tells the roles apart.
          .replace('{id}', template.includes('/areas/{id}') ? COMMUNE : 'nobody-has-this-id');
        const said = /Permission: (own account|[a-z:]+)\./.exec(text)?.[1] ?? 'none';
        const permission = security.length === 0 ? null : (said as Permission | 'own account');
        return { name: `${method} ${template}`, method, path, permission };
      },
    ),
  );
}

const PUBLIC = [
  'DELETE /api/v1/setup/restore',
  'GET /api/v1/keys/authority',
  'GET /api/v1/keys/home',
  'GET /api/v1/keys/rehomes',
  'GET /api/v1/keys/statements',
  'GET /api/v1/setup',
  'GET /api/v1/setup/restore',
  'GET /api/v1/time',
  'GET /healthz',
  'GET /readyz',
  'POST /api/v1/enrolments/begin',
  'POST /api/v1/enrolments/finish',
  'POST /api/v1/links/open',
  'POST /api/v1/links/pair',
  'POST /api/v1/links/password',
  'POST /api/v1/session',
  'POST /api/v1/session/passkey',
  'POST /api/v1/session/passkey/options',
  'POST /api/v1/setup',
  'POST /api/v1/setup/restore',
  'POST /api/v1/setup/restore/confirm',
  'POST /api/v1/setup/restore/passphrase',
];
/** It answers with a stream that does not end. */
const STREAM = 'GET /api/v1/events';

describe('every route', { timeout: 120_000 }, () => {
  it('declares who may use it, and lets in exactly the roles with that permission', async () => {
    const controller = await startController();
    const operations = operationsOf(controller.app.swagger());
    const open = operations.filter(({ permission }) => permission === null).map(({ name }) => name);
    expect(open.sort()).toEqual(PUBLIC);

    for (const { name, method, path, permission } of operations) {
      if (permission === null || name === STREAM) continue;
      const body = method === 'GET' || method === 'HEAD' ? {} : { body: {} };
      expect([name, (await controller.call('nobody', method, path, body)).status]).toEqual([name, 401]);
      for (const role of MACHINE_ROLES) {
        const answer = await controller.call<Problem>(`machine ${role}`, method, path, body);
        const { status, body: said } = answer;
        // A machine has no own account, and answers for nothing: only a person who is logged in does.
        const allowed =
          permission !== 'own account' &&
          GRANTS[role].includes(permission) &&
          !PERSONS_ONLY.includes(permission);
        expect([role, name, status === 403]).toEqual([role, name, !allowed]);
        if (permission === 'own account') expect(said.error.code).toBe('account.session_needed');
        else if (PERSONS_ONLY.includes(permission)) expect(said.error.code).toBe('request.person_only');
      }
      if (permission === 'own account') continue;
      for (const role of ROLES) {
        const { status } = await controller.call(role, method, path, body);
        expect([role, name, status === 403]).toEqual([role, name, !GRANTS[role].includes(permission)]);
      }
    }
  });

  it('keeps every person and machine out of another commune, and lets each work in its own', async () => {
    const { clock, controller } = await startMonday();
    const cases = await routeCases(controller, clock);
    const operations = operationsOf(controller.app.swagger()).filter(
      ({ permission, name }) => permission !== null && permission !== 'own account' && name !== STREAM,
    );
    // A route that is added says here how it is asked about something of another commune.
    expect(Object.keys(cases).sort()).toEqual(operations.map(({ name }) => name).sort());
    const ask = (who: Who, { method }: Operation, { path, body, send }: RouteCase) =>
      send?.(who) ?? controller.call<Problem>(who, method, path, body === undefined ? {} : { body });
    const rolesOf = ({ permission }: Operation) =>
      ROLES.filter((role) => GRANTS[role].some((one) => one === permission));

    /** Whoever has the permission, in the commune beside; a machine has not what a person answers for. */
    const strangersOf = (operation: Operation): Who[] => [
      ...rolesOf(operation).map((role) => `other ${role}` as const),
      ...MACHINE_ROLES.filter(
        (role) =>
          rolesOf(operation).includes(role) && !PERSONS_ONLY.some((one) => one === operation.permission),
      ).map((role) => `other machine ${role}` as const),
    ];

    for (const operation of operations) {
      const asked = cases[operation.name] as RouteCase;
      const { elsewhere } = asked;
      for (const who of strangersOf(operation)) {
        const { status, body } = await ask(who, operation, asked);
        const context = [who, operation.name];
        // An answer to HEAD has no body. What only persons decide is refused to a machine before anybody asks where it is.
        const asMachine = who.startsWith('other machine') && body?.error?.code === 'request.person_only';
        const hidden = operation.method === 'HEAD' || asMachine;
        const code = hidden ? 'request.forbidden' : body.error?.code;
        if (elsewhere === 'forbidden')
          expect([...context, status, code]).toEqual([...context, 403, 'request.forbidden']);
        else {
          expect([...context, status < 300 || status === 404]).toEqual([...context, true]);
          if ('list' in elsewhere)
            expect([...context, foreign(body, elsewhere.list)]).toEqual([...context, []]);
        }
      }
    }
    for (const operation of operations)
      for (const role of rolesOf(operation)) {
        const { body } = await ask(role, operation, cases[operation.name] as RouteCase);
        const context = [role, operation.name];
        expect([...context, body?.error?.code === 'request.forbidden']).toEqual([...context, false]);
      }
  });

  it('refuses a route that declares nothing', async () => {
    const { onlyPublicRoutes, requireAuthentication } = await import(
      '../../../server/http/plugins/authentication.ts'
    );
    const { default: Fastify } = await import('fastify');
    const controller = await startController();
    const closed = Fastify();
    requireAuthentication(closed, controller.context.services, async () => undefined);
    expect(() => closed.get('/x', async () => '')).toThrow('names no permission');
    const open = Fastify();
    onlyPublicRoutes(open, 'http://controller.test:8080');
    expect(() => open.get('/x', async () => '')).toThrow('public scope');
  });
});

interface Listed {
  readonly id?: string;
  readonly grants?: readonly { readonly areas: readonly string[] }[];
}

/** What a list shows that is not of the commune beside. */
function foreign(body: object, list: string): Listed[] {
  const items = (body as Record<string, Listed[]>)[list] ?? [{ id: `no list "${list}"` }];
  // Somebody of both communes is of that one too.
  const isTheirs = (grants: Listed['grants'] = []) => grants.some(({ areas }) => areas.includes(ELSEWHERE));
  return items.filter(({ id, grants }) => id !== ELSEWHERE && !isTheirs(grants));
}

describe('a request that is not right', () => {
  it('is answered with what is wrong with it', async () => {
    const controller = await startController();
    const draft = { areaId: COMMUNE, title: 'x' };
    const code = async (path: string, body: object) => {
      const answer = await controller.post<Problem>('editor', path, body);
      expect(answer.status).toBeLessThan(500);
      return `${answer.body.error.code} ${String(answer.body.error.params['reason'] ?? '')}`;
    };
    expect(await code('announcements', { ...draft, tite: 'y' })).toMatch(
      /^request\.invalid body\/tite is not a field/,
    );
    expect(await code('announcements', { areaId: COMMUNE })).toMatch(/^request\.invalid body .*: title$/);
    expect(await code('announcements', { ...draft, title: ' ' })).toMatch(/^request\.invalid body\/title /);
    expect(await code('announcements', { ...draft, mediaSha256: '0'.repeat(64) })).toBe('media.not_stored ');
    expect(await code('broadcasts', { announcementId: 'ann_x', targets: {} })).toBe('request.not_found ');
  });

  it('is answered with a code when it is no JSON, too large or of another type', async () => {
    const controller = await startController();
    const send = async (type: string, body: Buffer) =>
      (
        await controller.call<Problem>('editor', 'POST', 'announcements', {
          body,
          headers: { 'content-type': type },
        })
      ).body.error.code;
    expect(await send('application/json', Buffer.from('{'))).toBe('request.invalid');
    expect(await send('application/json', Buffer.alloc(1024 * 1024 + 1, 0x20))).toBe('request.too_large');
    expect(await send('text/xml', Buffer.from('<a/>'))).toBe('request.unsupported_media_type');
    expect((await controller.get<Problem>('editor', 'no-such-thing')).body.error.code).toBe(
      'request.route_unknown',
    );
  });
});

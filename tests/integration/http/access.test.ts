import { describe, expect, it } from 'vitest';
import '@fastify/swagger';
import { GRANTS, type Permission, ROLES } from '../../../server/domain/accounts/roles.ts';
import { COMMUNE, type Problem, startController } from './support.ts';

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly permission: Permission | null;
}

/** Every route of the API's own description, with the permission that it declares. */
function operationsOf(description: { paths?: object }): Operation[] {
  return Object.entries(description.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, { description?: string; security: object[] }>).map(
      ([method, { description: text = '', security }]) => ({
        method: method.toUpperCase(),
        path: path
          .replace('{sha256}', 'a'.repeat(64))
          // An area that does not exist is nobody's: only one that does tells the roles apart.
          .replace('{id}', path.includes('/areas/{id}') ? COMMUNE : 'nobody-has-this-id'),
        permission:
          security.length === 0
            ? null
            : ((/Permission: ([a-z:]+)\./.exec(text)?.[1] ?? 'none') as Permission),
      }),
    ),
  );
}

describe('every route', () => {
  it('declares who may use it, and lets in exactly the roles with that permission', async () => {
    const controller = await startController();
    const operations = operationsOf(controller.app.swagger());
    expect(operations.length).toBeGreaterThan(30);
    const open = operations.filter(({ permission }) => permission === null).map(({ path }) => path);
    // Those of the setup have its one-time secret.
    expect(open.sort()).toEqual([
      '/api/v1/keys/statements',
      '/api/v1/setup/restore',
      '/api/v1/setup/restore',
      '/api/v1/time',
      '/healthz',
      '/readyz',
    ]);

    for (const { method, path, permission } of operations) {
      if (permission === null || path === '/api/v1/events') continue;
      const body = method === 'GET' || method === 'HEAD' ? {} : { body: {} };
      expect([path, (await controller.call('nobody', method, path, body)).status]).toEqual([path, 401]);
      for (const role of ROLES) {
        const { status } = await controller.call(role, method, path, body);
        const allowed = GRANTS[role].includes(permission);
        expect([role, method, path, status === 403]).toEqual([role, method, path, !allowed]);
      }
    }
  });

  it('refuses a route that declares nothing', async () => {
    const { onlyPublicRoutes, requireAuthentication } = await import(
      '../../../server/http/plugins/authentication.ts'
    );
    const { default: Fastify } = await import('fastify');
    const controller = await startController();
    const closed = Fastify();
    requireAuthentication(closed, controller.context.services);
    expect(() => closed.get('/x', async () => '')).toThrow('names no permission');
    const open = Fastify();
    onlyPublicRoutes(open, 'http://controller.test:8080');
    expect(() => open.get('/x', async () => '')).toThrow('public scope');
  });
});

describe('an area that is not the actor’s', { timeout: 60_000 }, () => {
  it('is out of reach for every role', async () => {
    const controller = await startController();
    const { secret: _ } = await controller.speaker('loa-1', 'ap-1');
    const { id, sha256 } = await controller.approved();
    const played = await controller.post<{ id: string }>('editor', 'broadcasts', {
      announcementId: id,
      targets: { areas: [COMMUNE] },
    });
    expect(played.status).toBe(201);
    const attempts: readonly [Permission, string, string, object?][] = [
      ['area:read', 'GET', `areas/${COMMUNE}`],
      ['area:write', 'PATCH', `areas/${COMMUNE}`, { name: 'Khác' }],
      ['area:write', 'POST', 'areas', { parentId: COMMUNE, kind: 'ấp', name: 'x' }],
      ['speaker:read', 'GET', 'speakers/loa-1'],
      ['speaker:read', 'GET', `speakers?area=${COMMUNE}`],
      ['speaker:write', 'PATCH', 'speakers/loa-1', { gainDb: 20 }],
      ['speaker:provision', 'POST', 'speakers', { areaId: 'ap-1', name: 'x' }],
      ['speaker:provision', 'POST', 'speakers/loa-1/block', { reason: 'x' }],
      ['journal:read', 'GET', 'speakers/loa-1/journal'],
      ['announcement:read', 'GET', `announcements/${id}`],
      ['announcement:write', 'PATCH', `announcements/${id}`, { title: 'x' }],
      ['announcement:write', 'POST', `announcements/${id}/submit`, {}],
      ['announcement:write', 'POST', `announcements/${id}/withdraw`, {}],
      ['announcement:approve', 'POST', `announcements/${id}/approve`, { sha256 }],
      ['announcement:approve', 'POST', `announcements/${id}/reject`, { reason: 'x' }],
      ['broadcast:play', 'POST', 'broadcasts', { announcementId: id, targets: { areas: ['ap-1'] } }],
      ['broadcast:read', 'GET', `broadcasts/${played.body.id}`],
      ['broadcast:read', 'GET', `broadcasts/${played.body.id}/deliveries`],
      ['broadcast:cancel', 'POST', `broadcasts/${played.body.id}/cancel`, { reason: 'x' }],
    ];
    for (const [permission, method, path, body] of attempts)
      for (const role of ROLES.filter((name) => GRANTS[name].includes(permission))) {
        const outside = await controller.call<Problem>(
          `other ${role}`,
          method,
          path,
          body === undefined ? {} : { body },
        );
        expect([role, path, outside.body.error?.code]).toEqual([role, path, 'request.forbidden']);
      }
    const lists = ['areas', 'speakers', 'announcements', 'broadcasts'] as const;
    for (const list of lists) {
      const { body } = await controller.get<Record<string, { id: string }[]>>('other viewer', list);
      expect(body[list]?.filter((item) => item.id !== 'noi-khac')).toEqual([]);
    }
  });
});

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

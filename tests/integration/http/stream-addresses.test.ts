import { expect, it } from 'vitest';
import { assignmentCodec, payloadOf } from '#protocols';
import type { ResolveHost } from '../../../server/domain/announcements/stream-guard.ts';
import { StreamGuard } from '../../../server/domain/announcements/stream-guard.ts';
import { COMMUNE, HAMLETS, type Problem, startController } from './support.ts';

/** Names of a test, and their addresses. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  'vov.example': ['8.8.8.8', '2001:4860:4860::8888'],
  'router.example': ['192.168.1.1'],
  'half.example': ['8.8.8.8', '10.0.0.5'],
};
const resolve: ResolveHost = async (host) => {
  const addresses = NAMES[host];
  if (addresses === undefined) throw new Error(`ENOTFOUND ${host}`);
  return addresses;
};

const INSIDE = [
  ...[
    '127.0.0.1',
    '0x7f.1',
    '2130706433',
    '0.0.0.0',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
  ],
  ...['100.64.0.1', '224.0.0.1', '255.255.255.255', '[::1]', '[::]', '[fe80::1]', '[fd00::1]', '[ff02::1]'],
  ...['[::ffff:127.0.0.1]', '[::ffff:c0a8:101]', '[64:ff9b::7f00:1]', 'router.example', 'half.example'],
  ...['nobody.example', 'localhost'],
];

it('takes a stream from the public Internet alone', async () => {
  const guard = new StreamGuard({ resolve, allow: [] });
  for (const host of INSIDE)
    await expect(guard.check({ url: `http://${host}:8000/live` }), host).rejects.toMatchObject({
      code: 'announcement.stream_refused',
    });
  for (const host of ['vov.example', 'VOV.EXAMPLE.', '8.8.8.8', '[2001:4860:4860::8888]'])
    await expect(guard.check({ url: `https://${host}/live` }), host).resolves.toBeUndefined();
});

it('takes what the operator named, and nothing beside it', async () => {
  const guard = new StreamGuard({
    resolve,
    allow: ['10.0.0.0/24', 'Router.example', '127.0.0.1', 'fd00::/8'],
  });
  for (const host of [
    '10.0.0.9',
    'router.example',
    'half.example',
    '127.0.0.1',
    '[::ffff:127.0.0.1]',
    '[fd00::1]',
  ])
    await expect(guard.check({ url: `http://${host}/live` }), host).resolves.toBeUndefined();
  for (const host of ['10.0.1.9', '192.168.1.1', '127.0.0.2', '[fe80::1]'])
    await expect(guard.check({ url: `http://${host}/live` }), host).rejects.toMatchObject({
      code: 'announcement.stream_refused',
    });
});

it('refuses the announcement, new or changed', async () => {
  const controller = await startController({ resolveHost: resolve }, { LOA_STREAM_ALLOW: 'router.example' });
  const announce = (url: string) =>
    controller.post<Problem & { id: string }>('editor', 'announcements', {
      ...{ areaId: COMMUNE, title: 'Tiếp sóng' },
      stream: { url, station: 'VOV1', durationMs: 60_000 },
    });
  const inside = await announce('http://169.254.169.254/latest/meta-data');
  expect([inside.status, inside.body.error.code]).toEqual([422, 'announcement.stream_refused']);
  expect((await announce('http://router.example/live')).status).toBe(201);
  const { status, body } = await announce('https://vov.example/live');
  expect(status).toBe(201);
  const stream = { url: 'http://127.0.0.1:5432/', station: 'VOV1', durationMs: 60_000 };
  const change = await controller.call<Problem>('editor', 'PATCH', `announcements/${body.id}`, {
    body: { stream },
  });
  expect(change.body.error.code).toBe('announcement.stream_refused');
});

it('signs what is allowed into every assignment, also of loudspeakers that were entered before it was', async () => {
  const controller = await startController();
  await controller.speaker('loa-1', HAMLETS[0]);
  const assigned = async () => {
    const [speaker] = await controller.context.storage.read.speakers.list({ ids: ['loa-1'] });
    const document = speaker?.assignmentDocument ?? null;
    return document === null ? undefined : assignmentCodec.parse(payloadOf(document));
  };
  await expect.poll(assigned).toMatchObject({ endpoints: [] });
  const before = await assigned();
  expect(before).not.toHaveProperty('streams');
  const again = async (env: Record<string, string>) => {
    await controller.stop();
    await controller.start({ resolveHost: resolve }, env);
  };
  await again({
    LOA_STREAM_ALLOW: 'Router.example, 10.0.0.0/24',
    LOA_MORE_URLS: 'https://192.168.1.10:8080',
  });
  await expect.poll(assigned).toMatchObject({
    streams: ['Router.example', '10.0.0.0/24'],
    endpoints: ['https://192.168.1.10:8080'],
  });
  const held = await assigned();
  expect(held?.revision).toBeGreaterThan(before?.revision ?? 0);
  // Where nothing changed nothing is signed anew.
  await again({
    LOA_STREAM_ALLOW: 'Router.example, 10.0.0.0/24',
    LOA_MORE_URLS: 'https://192.168.1.10:8080',
  });
  await controller.context.idle();
  expect((await assigned())?.revision).toBe(held?.revision);
  await again({});
  await expect.poll(async () => (await assigned())?.endpoints).toEqual([]);
  expect(await assigned()).not.toHaveProperty('streams');
});

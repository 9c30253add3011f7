import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { type ChunkList, chunkListCodec } from '#protocols';
import { COMMUNE, ELSEWHERE, type Problem, speechLikeWav, startController, type Who } from './support.ts';

it('serves audio to loudspeakers and people: whole, in ranges, with validators', {
  timeout: 60_000,
}, async () => {
  const controller = await startController();
  const { secret } = await controller.speaker('loa-1', 'ap-1');
  const { sha256 } = await controller.approved();
  const path = `media/${sha256}`;
  const basic = (id: string, password: string) => ({
    authorization: `Basic ${Buffer.from(`${id}:${password}`).toString('base64')}`,
  });
  const get = (headers: Record<string, string>, method = 'GET') =>
    controller.call<Buffer & Problem>('nobody', method, path, {
      headers: { ...basic('loa-1', secret), ...headers },
      key: null,
    });

  const whole = await get({});
  expect(whole.status).toBe(200);
  expect(createHash('sha256').update(whole.body).digest('hex')).toBe(sha256);
  expect(whole.headers).toMatchObject({
    etag: `"${sha256}"`,
    'accept-ranges': 'bytes',
    'content-type': 'audio/ogg; codecs=opus',
    'cache-control': 'private, max-age=31536000, immutable',
    'content-disposition': `inline; filename="loa-lang-${sha256.slice(0, 12)}.opus"`,
  });
  const size = whole.body.length;
  const range = async (text: string) => {
    const answer = await get({ range: text });
    return [answer.status, answer.headers['content-range'], answer.status === 206 ? answer.body : null];
  };
  expect(await range('bytes=0-3')).toEqual([206, `bytes 0-3/${size}`, whole.body.subarray(0, 4)]);
  expect(await range(`bytes=${size - 10}-`)).toEqual([
    206,
    `bytes ${size - 10}-${size - 1}/${size}`,
    whole.body.subarray(-10),
  ]);
  expect(await range('bytes=-5')).toEqual([
    206,
    `bytes ${size - 5}-${size - 1}/${size}`,
    whole.body.subarray(-5),
  ]);
  expect(await range(`bytes=${size}-`)).toEqual([416, `bytes */${size}`, null]);
  expect((await range('bytes=5-2'))[0]).toBe(200);
  expect((await range('pages=1-2'))[0]).toBe(200);
  expect((await get({ range: 'bytes=0-3', 'if-range': `"${sha256}"` })).status).toBe(206);
  expect((await get({ range: 'bytes=0-3', 'if-range': '"other"' })).status).toBe(200);
  expect((await get({ 'if-none-match': `W/"${sha256}"` })).status).toBe(304);
  const head = await get({}, 'HEAD');
  expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, String(size), 0]);

  const chunks = await controller.call<ChunkList>('nobody', 'GET', `${path}/chunks`, {
    headers: basic('loa-1', secret),
  });
  expect(chunkListCodec.check(chunks.body)).toMatchObject({ sha256, bytes: size });
  const raw = await controller.app.inject({ url: `/api/v1/${path}/chunks`, headers: basic('loa-1', secret) });
  expect(raw.headers['etag']).toBe(`"${createHash('sha256').update(raw.rawPayload).digest('hex')}"`);
  const peaks = await controller.get<{ bars: number[] }>('viewer', `${path}/peaks`);
  expect(peaks.body.bars.length).toBeGreaterThan(10);

  expect((await get(basic('loa-1', 'wrong'))).status).toBe(401);
  expect((await get(basic('loa-2', secret))).status).toBe(401);
  expect((await controller.get('nobody', path)).status).toBe(401);
  expect((await controller.get('viewer', `media/${'0'.repeat(64)}`)).status).toBe(404);
  await controller.post('technician', 'speakers/loa-1/block', { reason: 'mất trộm' });
  expect((await get({})).status).toBe(401);
  await controller.post('technician', 'speakers/loa-1/unblock', { reason: 'tìm thấy' });
  expect((await get({})).status).toBe(200);
});

it('is heard by whom an announcement is for, and while none names it by whom it was prepared for', {
  timeout: 60_000,
}, async () => {
  const controller = await startController();
  const sha256 = await controller.prepared(speechLikeWav());
  const heard = async (who: Who) => (await controller.get(who, `media/${sha256}`)).status;
  // Nothing names it yet: the station that brought it in listens to it.
  expect([await heard('editor'), await heard('viewer'), await heard('other viewer')]).toEqual([
    200, 200, 403,
  ]);
  const enter = (who: Who, more: object) =>
    controller.post<{ id: string }>(who, 'announcements', {
      ...{ areaId: COMMUNE, title: 'Thông báo', mediaSha256: sha256, ...more },
    });
  expect((await enter('editor', {})).status).toBe(201);
  expect(await heard('other chairman')).toBe(403);
  // Nor by who names it in an announcement of his own, new or changed.
  const stranger = await enter('other editor', { areaId: ELSEWHERE });
  expect(stranger).toMatchObject({ status: 403, body: { error: { code: 'request.forbidden' } } });
  const draft = await enter('other editor', { areaId: ELSEWHERE, mediaSha256: null });
  const path = `announcements/${draft.body.id}`;
  const changed = await controller.call('other editor', 'PATCH', path, { body: { mediaSha256: sha256 } });
  expect([changed.status, await heard('other editor')]).toEqual([403, 403]);
  // Meant for others too: they are asked, and have to hear it first.
  expect((await enter('province editor', { forAreas: [COMMUNE, ELSEWHERE] })).status).toBe(201);
  expect([await heard('other chairman'), await heard('other viewer')]).toEqual([200, 200]);
  // Who has it cached asks like everybody else.
  const cached = { headers: { 'if-none-match': `"${sha256}"` } };
  expect((await controller.call('viewer', 'GET', `media/${sha256}`, cached)).status).toBe(304);
  const { secret } = await controller.speaker('loa-1', 'ap-1');
  const basic = Buffer.from(`loa-1:${secret}`).toString('base64');
  const loudspeaker = { headers: { authorization: `Basic ${basic}` } };
  expect((await controller.call('nobody', 'GET', `media/${sha256}`, loudspeaker)).status).toBe(200);
});

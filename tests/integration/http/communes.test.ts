import { expect, it } from 'vitest';
import type { AreaKindEffect, AreaView, CommuneDoubtView } from '#protocols';
import type { ReadinessReport } from '../../../server/http/readiness.ts';
import { COMMUNE, ELSEWHERE, startController, type Who } from './support.ts';

it('says where the kinds of areas do not tell which are communes, and what to do', {
  timeout: 60_000,
}, async () => {
  const controller = await startController();
  const said = async (who: Who, area: string) => {
    const { body } = await controller.get<{ communeDoubt: CommuneDoubtView }>(who, `readiness?area=${area}`);
    return body.communeDoubt;
  };
  const ready = async () =>
    (await controller.get<ReadinessReport>('nobody', '/readyz')).body.checks['communes'];
  const call = (kind: string) =>
    controller.call('administrator', 'PATCH', `areas/${COMMUNE}`, { body: { kind } });
  await controller.speaker('loa-1', 'ap-1');
  expect(await said('viewer', COMMUNE)).toBeNull();
  expect(await ready()).toEqual({ ok: true, detail: 'the kinds of areas say which are communes' });
  // The commune beside still is one, so only who sees these loudspeakers is told.
  await call('vùng');
  const place = { areaId: 'ap-1', name: 'ấp ap-1' };
  expect(await said('viewer', COMMUNE)).toEqual({ kind: 'outside', areas: [place] });
  expect(await said('other viewer', ELSEWHERE)).toBeNull();
  expect(await ready()).toMatchObject({
    ok: true,
    detail: expect.stringMatching(/^LOUDSPEAKERS OUTSIDE COMMUNES: ấp ap-1; set the kind/),
  });
  await controller.call('other administrator', 'PATCH', `areas/${ELSEWHERE}`, { body: { kind: 'khu' } });
  for (const [who, area] of [
    ['viewer', COMMUNE],
    ['other viewer', ELSEWHERE],
  ] as const) {
    const doubt = await said(who, area);
    expect([doubt?.kind, doubt?.areas.map(({ areaId }) => areaId)]).toEqual(['none', [area]]);
  }
  expect(await ready()).toMatchObject({
    ok: true,
    detail: expect.stringMatching(/^NO AREA IS CALLED A COMMUNE/),
  });
  // As it stands in an address it is one again.
  await call('X.');
  expect(await said('viewer', COMMUNE)).toBeNull();
});

it('says before a kind is changed what becomes of the rule of two persons', { timeout: 60_000 }, async () => {
  const controller = await startController();
  const effect = async (id: string, kind: string) => {
    const path = `areas/${id}/kind?kind=${encodeURIComponent(kind)}`;
    return (await controller.get<AreaKindEffect>('administrator', path)).body;
  };
  const inside = { level: 'inside', communes: 0 };
  expect(await effect('ap-1', 'tổ dân phố')).toEqual({ before: inside, after: inside });
  const commune = { level: 'commune', communes: 1 };
  expect(await effect(COMMUNE, 'phường')).toEqual({ before: commune, after: commune });
  expect(await effect(COMMUNE, 'vùng')).toEqual({ before: commune, after: { level: 'whole', communes: 0 } });
  // Nothing of it was done.
  const { body } = await controller.get<AreaView>('viewer', 'areas/ap-1');
  expect(body).toMatchObject({
    ...{ kind: 'ấp', level: 'inside' },
    station: { areaId: COMMUNE, kind: 'xã', name: 'Tân An' },
  });
  for (const id of ['ap-1', 'ap-2'])
    await controller.call('administrator', 'PATCH', `areas/${id}`, { body: { kind: 'xã' } });
  // The one above them goes before them; without it they count by themselves.
  expect(await effect(COMMUNE, 'huyện')).toEqual({ before: commune, after: { level: 'above', communes: 2 } });
  await controller.call('administrator', 'PATCH', `areas/${COMMUNE}`, { body: { kind: 'huyện' } });
  expect(await effect(COMMUNE, 'xã')).toEqual({ before: { level: 'above', communes: 2 }, after: commune });
  expect(await effect('ap-1', 'ấp')).toEqual({ before: commune, after: { level: 'outside', communes: 0 } });
});

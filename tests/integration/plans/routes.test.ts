import type { Static } from 'typebox';
import { expect, it } from 'vitest';
import {
  type ClockStateSchema,
  type PlanState,
  planHeadCodec,
  readPlanDocument,
  type SlotReadiness,
  sha256,
} from '#protocols';
import { COMMUNE, HAMLETS, startController } from '../http/support.ts';

const [HAMLET] = HAMLETS;
const DAILY = { kind: 'weekly', days: [1, 2, 3, 4, 5, 6, 7], times: ['06:00', '17:00'] };

it('serves area-day documents to loudspeakers and people, and says who holds the plan and who is ready', async () => {
  const controller = await startController();
  const { id: announcementId } = await controller.approved();
  const { secret } = await controller.speaker('loa-1', HAMLET);
  const made = await controller.post<{ id: string }>('editor', 'schedules', {
    areaId: COMMUNE,
    content: { kind: 'announcement', announcementId },
    targets: { areas: [COMMUNE] },
    recurrence: DAILY,
  });
  expect(made.status).toBe(201);
  const { planSide } = controller.context;
  await planSide.compiler.compiled();
  const state = await controller.get<PlanState>('viewer', `plans/state?area=${COMMUNE}`);
  expect(state.body.scopes).toMatchObject([
    { scope: { kind: 'area', id: COMMUNE }, speakers: 1, told: 0, untold: ['loa-1'] },
  ]);
  const payload = planSide.compiler.current({ kind: 'area', id: COMMUNE })?.document.split('.')[1] ?? '';
  const { path = '', sha256: hash } =
    planHeadCodec.parse(Buffer.from(payload, 'base64url')).documents.at(-1) ?? {};
  const basic = `Basic ${Buffer.from(`loa-1:${secret}`).toString('base64')}`;
  const document = await controller.get<Buffer>('nobody', path, { authorization: basic });
  expect(document.status).toBe(200);
  expect(document.headers).toMatchObject({ etag: `"${hash}"` });
  expect(document.headers['cache-control']).toContain('immutable');
  const body = Buffer.from(document.body);
  expect(sha256(body)).toBe(hash);
  expect(readPlanDocument(body).slots).toHaveLength(2);
  expect((await controller.get('nobody', path)).status).toBe(401);
  for (const [who, status] of [
    ['viewer', 200],
    [`${HAMLET} chairman`, 200],
    ['other viewer', 403],
  ] as const)
    expect([who, (await controller.get(who, path)).status]).toEqual([who, status]);
  expect((await controller.get('viewer', `plans/${sha256('unknown')}`)).status).toBe(404);
  expect((await controller.get('other viewer', `plans/state?area=${COMMUNE}`)).status).toBe(403);

  const readiness = await controller.get<{
    slots: SlotReadiness[];
    truncated: boolean;
    clockDisputed: boolean;
  }>('viewer', `readiness?area=${HAMLET}`);
  expect(readiness.body).toMatchObject({ clockDisputed: false, truncated: false });
  expect(readiness.body.slots.length).toBeGreaterThanOrEqual(2);
  expect(readiness.body.slots[0]).toMatchObject({
    ...{ meant: 1, holding: 0, ready: 0, scheduleId: made.body.id, notIssued: null },
    unready: [{ speakerId: 'loa-1', reasons: ['not_told', 'audio_missing', 'offline'] }],
  });
  const metrics = await controller.get<Buffer>('viewer', '/metrics');
  expect(Buffer.from(metrics.body).toString()).toMatch(/^loa_plan_heads 1$/m);
});

it('lets only an administrator vouch for the clock', async () => {
  const controller = await startController();
  const clock = await controller.get<Static<typeof ClockStateSchema>>('viewer', 'system/clock');
  expect(clock.body).toMatchObject({ disputed: false, since: null });
  expect((await controller.post('chairman', 'system/clock/confirm', {})).status).toBe(403);
  expect((await controller.post('administrator', 'system/clock/confirm', {})).status).toBe(200);
});

import { expect, it } from 'vitest';
import { GRANTS, type Permission, ROLES } from '../../../server/domain/accounts/roles.ts';
import { daily, startMonday, vietnam } from './schedule-support.ts';
import { COMMUNE, ELSEWHERE, type Problem } from './support.ts';

it('programmes and schedules of another commune are out of reach for every role', {
  timeout: 60_000,
}, async () => {
  const { controller, scheduling } = await startMonday();
  const a = await scheduling.announcement(60);
  const items = [{ announcementId: a }];
  const made = { areaId: COMMUNE, title: 'x', items };
  const programme = await controller.post<{ id: string }>('editor', 'programmes', made);
  const wanted = scheduling.wanted(a, daily('05:30'));
  const { id } = (await scheduling.create('editor', wanted)).body;
  const originalAt = vietnam(1, '05:30');
  const name = { scheduleId: id, originalAt };
  const range = `from=${vietnam(1, '00:00')}&to=${vietnam(2, '00:00')}`;
  const act = { kind: 'skip', originalAt, reason: 'x' };
  const attempts: readonly [Permission, string, string, object?][] = [
    ['schedule:read', 'GET', `programmes?area=${COMMUNE}`],
    ['schedule:read', 'GET', `programmes/${programme.body.id}`],
    ['schedule:write', 'POST', 'programmes', made],
    ['schedule:write', 'POST', 'programmes', { ...made, areaId: ELSEWHERE }],
    ['schedule:write', 'PATCH', `programmes/${programme.body.id}`, { title: 'y' }],
    ['schedule:write', 'DELETE', `programmes/${programme.body.id}`, {}],
    ['schedule:read', 'GET', `schedules?area=${COMMUNE}`],
    ['schedule:read', 'GET', `schedules/${id}`],
    ['schedule:read', 'GET', `schedules/${id}/occurrences?${range}`],
    ['schedule:read', 'GET', `calendar?area=${COMMUNE}&${range}`],
    ['schedule:write', 'POST', 'schedules', wanted],
    ['schedule:write', 'POST', 'schedules', { ...wanted, areaId: ELSEWHERE }],
    ['schedule:write', 'POST', 'schedules/preview', wanted],
    ['schedule:write', 'POST', 'collisions/decide', { first: name, second: name }],
    ['schedule:write', 'POST', `schedules/${id}/change`, { span: { kind: 'all' }, change: { gainDb: 1 } }],
    ['schedule:write', 'POST', `schedules/${id}/occurrences`, act],
    ['schedule:write', 'POST', `schedules/${id}/pause`, {}],
    ['schedule:write', 'POST', `schedules/${id}/resume`, {}],
    ['schedule:write', 'DELETE', `schedules/${id}`, {}],
  ];
  for (const [permission, method, path, body] of attempts)
    for (const role of ROLES.filter((one) => GRANTS[one].includes(permission))) {
      const options = body === undefined ? {} : { body };
      const answer = await controller.call<Problem>(`other ${role}`, method, path, options);
      expect([role, path, answer.body.error?.code]).toEqual([role, path, 'request.forbidden']);
    }
  expect(ROLES.filter((role) => GRANTS[role].includes('schedule:write'))).toEqual([
    'editor',
    'chairman',
    'deputy',
  ]);
  expect(await scheduling.occurrences(id, vietnam(1, '00:00'), vietnam(2, '00:00'))).toMatchObject([
    { state: 'planned' },
  ]);
});

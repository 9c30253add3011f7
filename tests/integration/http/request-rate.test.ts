/** Nobody's requests take the controller from the others. */
import { expect, it, onTestFinished } from 'vitest';
import { buildApi } from '../../../server/http/api.ts';
import { COMMUNE, startController, type Who } from './support.ts';

const ALLOWED = 5;

async function limited() {
  const controller = await startController();
  const { services, log } = controller.context;
  const app = await buildApi(services, log, { requestsPerMinute: ALLOWED });
  onTestFinished(() => app.close());
  return async (who: Who, path: string, payload?: object, method: 'POST' | 'PATCH' = 'POST') => {
    // Logs them in, by the other app of the same controller: it counts for itself.
    await controller.get(who, 'areas');
    const { statusCode, headers, body } = await app.inject({
      url: `/api/v1/${path}`,
      headers: { ...controller.credentials(who), 'idempotency-key': crypto.randomUUID() },
      ...(payload === undefined ? {} : { method, payload }),
    });
    return { status: statusCode, wait: headers['retry-after'], body: JSON.parse(body) };
  };
}

it('lets one person or machine ask so often in a minute, says how long to wait, and goes on with the others', async () => {
  const ask = await limited();
  for (let i = 0; i < ALLOWED; i++) expect((await ask('editor', 'areas')).status).toBe(200);
  const refused = await ask('editor', 'speakers');
  expect(refused).toMatchObject({ status: 429, body: { error: { code: 'request.too_many' } } });
  const { limit, seconds } = refused.body.error.params;
  expect(limit).toBe(ALLOWED);
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThanOrEqual(60);
  expect(refused.wait).toBe(String(seconds));
  expect((await ask('viewer', 'areas')).status).toBe(200);
});

it('counts what is refused too, and always hears a stop', async () => {
  const ask = await limited();
  for (let i = 0; i < ALLOWED; i++) expect((await ask('chairman', 'areas/none-of-ours')).status).toBe(403);
  expect((await ask('chairman', 'areas')).status).toBe(429);
  const stop = { scope: { kind: 'area', id: COMMUNE }, reason: 'quá giờ' };
  expect((await ask('chairman', 'latches', stop)).status).toBe(201);
  expect((await ask('chairman', 'areas')).status).toBe(429);
  // Whatever else silences or warns, and the own sessions.
  const said = async (path: string, payload?: object, method?: 'PATCH') =>
    (await ask('chairman', path, payload, method)).body.error?.code;
  const reason = 'quá giờ';
  expect([
    await said('announcements/none/reject', { reason }),
    await said('announcements/none/withdraw', {}),
    await said('broadcasts/none/cancel', { reason }),
    await said('standing-approvals/none/revoke', { reason }),
    await said('emergencies/none/confirm', { sha256: 'a'.repeat(64) }),
    await said('emergencies/none/drop', { reason }),
  ]).toEqual(Array.from({ length: 6 }, () => 'request.not_found'));
  expect(await said('speakers/none', { muted: true }, 'PATCH')).not.toBe('request.too_many');
  expect(await said('account/sessions')).toBeUndefined();
});

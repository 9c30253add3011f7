import { expect, it } from 'vitest';
import { type AnnouncementView, type AuditEntryView, auditHash } from '#protocols';
import { REFUSED } from '../../../server/domain/audit/audit.ts';
import { Refusals } from '../../../server/domain/audit/refusals.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import {
  COMMUNE,
  ELSEWHERE,
  type Problem,
  speechLikeWav,
  startController,
  type TestController,
} from './support.ts';

interface Page {
  readonly entries: AuditEntryView[];
}

const entries = async (
  controller: TestController,
  query: string,
  who: 'auditor' | 'other auditor' = 'auditor',
) => (await controller.get<Page>(who, `audit?${query}`)).body.entries;

it('says who did what, where from, and what was before and after', async () => {
  const controller = await startController();
  await controller.call('administrator', 'PATCH', 'areas/ap-1', { body: { name: 'Ấp Một' } });
  const [renamed] = await entries(controller, 'action=area.change&area=ap-1');
  expect(renamed).toMatchObject({
    actor: 'administrator',
    subject: 'ap-1',
    origin: '127.0.0.1',
    areaId: 'ap-1',
  });
  expect(JSON.parse(renamed?.before ?? '')).toEqual({ name: 'ap-1' });
  expect(JSON.parse(renamed?.after ?? '')).toEqual({ name: 'Ấp Một' });

  const { secret } = await controller.speaker('loa-1', 'ap-1');
  await controller.call('technician', 'PATCH', 'speakers/loa-1', { body: { gainDb: -6 } });
  const [louder] = await entries(controller, 'action=speaker.change');
  expect(JSON.parse(louder?.before ?? '')).toEqual({ gainDb: 0 });
  expect(JSON.parse(louder?.after ?? '')).toEqual({ gainDb: -6 });
  const all = await controller.context.storage.read.audit.list(1, 1_000);
  expect(JSON.stringify(all)).not.toContain(secret);
  for (const [i, entry] of all.entries()) {
    expect(entry.hash).toBe(auditHash(entry));
    if (i > 0) expect(entry.previousHash).toBe(all[i - 1]?.hash);
  }
});

it('shows each reader the own areas, page by page, to those entitled alone', async () => {
  const controller = await startController();
  const ours = await entries(controller, 'limit=500');
  expect(ours.map(({ areaId }) => areaId)).not.toContain(ELSEWHERE);
  expect(ours.length).toBeGreaterThan(2);
  const [newest, second] = ours;
  expect(await entries(controller, `limit=1&before=${newest?.seq}`)).toEqual([second]);
  const theirs = await entries(controller, 'limit=500', 'other auditor');
  expect(theirs.map(({ areaId }) => areaId)).not.toContain('ap-1');
  expect((await controller.get('other auditor', 'audit?area=ap-1')).status).toBe(403);
  expect((await controller.get('editor', 'audit')).status).toBe(403);
  for (const method of ['DELETE', 'PATCH', 'PUT', 'POST'])
    expect((await controller.call('administrator', method, 'audit')).status).toBe(404);
});

it('is exported as a file that spreadsheets read and do not compute', async () => {
  const controller = await startController();
  await controller.call('administrator', 'PATCH', 'areas/ap-1', { body: { name: '=1+1' } });
  const csv = await controller.get<Buffer>('auditor', `audit/export?format=csv&area=${COMMUNE}`);
  expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8');
  expect(csv.headers['content-disposition']).toMatch(/^attachment; filename="loa-lang-audit-[\d-]+\.csv"$/);
  const text = csv.body.toString();
  expect(text.startsWith('\ufeffseq,time,actor,')).toBe(true);
  expect(text).toContain(',area.change,ap-1,ap-1,"{""name"":""=1+1""}"');
  const json = await controller.get<Page>('auditor', 'audit/export?format=json');
  const all = await controller.context.storage.read.audit.list(1, 1_000);
  expect(json.body.entries.map(({ seq }) => seq)).toEqual(
    all.filter(({ areaId }) => areaId !== ELSEWHERE).map(({ seq }) => seq),
  );
  const none = await controller.get<Page>('auditor', 'audit/export?format=json&subject=nothing');
  expect(none.body).toMatchObject({ format: 'loa-audit/1', entries: [] });
});

it('has what was refused, with its code, whatever became of the request', async () => {
  const controller = await startController();
  const body = { id: 'ap-9', parentId: COMMUNE, kind: 'ấp', name: 'Ấp 9' };
  expect((await controller.post<Problem>('editor', 'areas', body)).status).toBe(403);
  const elsewhere = { ...body, parentId: ELSEWHERE };
  expect((await controller.post<Problem>('administrator', 'areas', elsewhere)).status).toBe(403);
  const token = `loa_${'a'.repeat(43)}`;
  await controller.get('nobody', 'areas', { authorization: `Bearer ${token}` });
  // Nothing was sent: that is a visitor, and no refusal.
  await controller.get('nobody', 'areas');
  await controller.context.services.refusals.close();
  const refused = await controller.context.storage.read.audit.find(
    { refused: true },
    { order: 'oldest', limit: 100 },
  );
  expect(
    refused.map(({ actor, role, subject, detail, areaId }) => [actor, role, subject, detail, areaId]),
  ).toEqual([
    ['editor', 'editor', 'POST /api/v1/areas', '{"code":"request.forbidden"}', COMMUNE],
    ['administrator', 'administrator', 'POST /api/v1/areas', '{"code":"request.forbidden"}', ELSEWHERE],
    ['unknown', '', 'GET /api/v1/areas', '{"code":"request.unauthenticated"}', null],
  ]);
  expect(refused.map(({ origin }) => origin)).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.1']);
  expect(JSON.stringify(refused)).not.toContain(token);
});

it('has what the rules of trust refused to who was let in, bounded like all refusals, and no mistake of asking', async () => {
  const controller = await startController();
  await controller.speaker('loa-1', 'ap-1');
  const sha256 = await controller.prepared(speechLikeWav());
  const draft = { areaId: COMMUNE, title: 'Chưa duyệt', mediaSha256: sha256 };
  const { body: made } = await controller.post<AnnouncementView>('editor', 'announcements', draft);
  const { id, approvalHash } = made;
  const targets = { areas: [COMMUNE] };
  const play = () => controller.post<Problem>('editor', 'broadcasts', { announcementId: id, targets });
  for (let i = 0; i < 25; i++) expect((await play()).body.error.code).toBe('announcement.not_approved');
  await controller.post('editor', `announcements/${id}/submit`, {});
  const yes = await controller.post<Problem>('editor', `announcements/${id}/approve`, {
    sha256: approvalHash,
  });
  expect(yes.status).toBe(403);
  const token = {
    ...{ name: 'may', grants: [{ role: 'chairman', areas: [COMMUNE] }], scope: ['area:read'] },
    expiresAt: Date.now() + 3_600_000,
  };
  const tooMuch = await controller.post<Problem>('administrator', 'tokens', token);
  expect(tooMuch.body.error.code).toBe('token.too_much');
  // Nobody is refused anything by these.
  expect((await controller.post('administrator', 'tokens', { name: 'may' })).status).toBe(400);
  expect((await controller.get('editor', 'announcements/ann_nothing')).status).toBeGreaterThanOrEqual(400);
  await controller.context.services.refusals.close();
  const refused = await controller.context.storage.read.audit.find(
    { refused: true },
    { order: 'oldest', limit: 100 },
  );
  const told = refused.map(({ actor, subject, detail }) => [actor, subject, detail]);
  const plays = told.filter(([, subject]) => subject === 'POST /api/v1/broadcasts');
  expect(plays).toHaveLength(20);
  expect(new Set(plays.map(String)).size).toBe(1);
  expect(plays[0]).toEqual(['editor', 'POST /api/v1/broadcasts', '{"code":"announcement.not_approved"}']);
  // The editor’s further ones are counted; another person has entries of his own.
  expect(told.slice(20)).toEqual([['administrator', 'POST /api/v1/tokens', '{"code":"token.too_much"}']]);
});

it('says what an announcement was when it was made: its words, and whose voice is said to be in it', async () => {
  const controller = await startController();
  const wanted = { areaId: COMMUNE, title: 'Tiêm chủng', text: 'Mời bà con.', recordedBy: 'chairman' };
  const { body } = await controller.post<AnnouncementView>('editor', 'announcements', wanted);
  const [made] = await entries(controller, 'action=announcement.create');
  expect(JSON.parse(made?.detail ?? '')).toMatchObject({ text: 'Mời bà con.', recordedBy: 'chairman' });
  const { id } = body;
  await controller.call('editor', 'PATCH', `announcements/${id}`, { body: { recordedBy: null } });
  const [changed] = await entries(controller, 'action=announcement.change');
  expect(JSON.parse(changed?.before ?? '')).toEqual({ recordedBy: 'chairman' });
  expect(JSON.parse(changed?.after ?? '')).toEqual({ recordedBy: null });
});

it('counts refusals instead of writing each, so that nobody fills the disk with them', async () => {
  const controller = await startController();
  const { storage } = controller.context;
  const clock = new FakeClock();
  const errors: unknown[] = [];
  const refusals = new Refusals({ storage, clock, onError: (error) => errors.push(error) });
  const from = (origin: string) =>
    refusals.note({
      ...{ actor: null, role: '', origin, subject: 'GET /api/v1/areas' },
      ...{ code: 'request.unauthenticated', areaId: null },
    });
  const written = () => storage.read.audit.find({ action: REFUSED }, { order: 'oldest', limit: 10_000 });
  for (let i = 0; i < 5_000; i++) from('10.0.0.1');
  await refusals.flush();
  expect(await written()).toHaveLength(20);
  // A minute later it may have one entry more: that says how many there were.
  await clock.advance(60_000);
  await refusals.flush();
  const last = (await written()).at(-1);
  expect(JSON.parse(last?.detail ?? '')).toEqual({ code: 'request.unauthenticated', suppressed: 4_979 });
  // Another address has its own share; ten thousand addresses together have one.
  from('10.0.0.2');
  await refusals.flush();
  expect((await written()).at(-1)?.origin).toBe('10.0.0.2');
  for (let i = 0; i < 10_000; i++) from(`192.0.2.${i}`);
  await refusals.flush();
  expect((await written()).length).toBeLessThanOrEqual(20 + 1 + 200 + 11);
  await refusals.close();
  expect(errors).toEqual([]);
});

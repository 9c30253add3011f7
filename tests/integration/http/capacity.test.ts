import { describe, expect, it } from 'vitest';
import type {
  AccountView,
  AnnouncementView,
  AuditEntryView,
  EmergencyOutcome,
  EmergencyView,
  StandingView,
} from '#protocols';
import { daily, startMonday, vietnam } from './schedule-support.ts';
import { COMMUNE, type Problem, type TestController, type Who } from './support.ts';

const DEPUTY = { role: 'deputy', areas: [COMMUNE] };
const LONG = vietnam(300, '00:00');

/** Monday; the commune's deputy has a name. */
async function office(grants: readonly object[] = [{ ...DEPUTY, until: LONG }]) {
  const started = await startMonday();
  await grant(started.controller, { displayName: 'Trần Văn Phó', grants });
  return started;
}

async function grant(controller: TestController, body: object): Promise<void> {
  const path = 'accounts/deputy';
  const { status } = await controller.call<AccountView>('administrator', 'PATCH', path, { body });
  expect(status).toBe(200);
}

const details = async (controller: TestController, action: string) => {
  const { body } = await controller.get<{ entries: AuditEntryView[] }>('auditor', `audit?action=${action}`);
  return body.entries.map(({ actor, actorName, as }) => [actor, actorName, as]).reverse();
};

describe('a decision says in which capacity it was made', { timeout: 60_000 }, () => {
  it('of announcements: for the chairman by his deputy, by the chairman himself, or by no leader', async () => {
    const { controller, scheduling } = await office();
    const handedIn = async () => {
      const id = await scheduling.announcement(20, {}, false);
      return (await controller.post<AnnouncementView>('editor', `announcements/${id}/submit`, {})).body;
    };
    const say = async (who: Who, verb: string, { id, approvalHash }: AnnouncementView, over: object = {}) => {
      const body = { ...(verb === 'approve' ? { sha256: approvalHash } : { reason: 'chưa rõ' }), ...over };
      const answer = await controller.post<AnnouncementView>(who, `announcements/${id}/${verb}`, body);
      return answer.body.decisions.map(({ areaId, verdict, by, byName, as }) => [
        areaId,
        verdict,
        by,
        byName,
        as,
      ]);
    };
    const [one, two] = [await handedIn(), await handedIn()];
    const yes = [COMMUNE, 'approved', 'deputy', 'Trần Văn Phó', 'deputy'];
    expect(await say('deputy', 'approve', one)).toEqual([yes]);
    expect(await say('chairman', 'reject', two)).toEqual([
      [COMMUNE, 'rejected', 'chairman', 'chairman', 'chairman'],
    ]);
    // The station takes its own back as whoever writes for it.
    expect(await say('editor', 'withdraw', one, { areas: ['ap-1'] })).toEqual([
      yes,
      ['ap-1', 'withdrawn', 'editor', 'editor', null],
    ]);
    expect(await say('deputy', 'withdraw', one, { areas: ['ap-2'] })).toContainEqual([
      ...['ap-2', 'withdrawn', 'deputy', 'Trần Văn Phó', 'deputy'],
    ]);
    await controller.post('chairman', `announcements/${one.id}/withdraw`, {});
    expect(await details(controller, 'announcement.approve')).toEqual([['deputy', 'Trần Văn Phó', 'deputy']]);
    expect(await details(controller, 'announcement.withdraw')).toEqual([
      ['editor', 'editor', null],
      ['deputy', 'Trần Văn Phó', 'deputy'],
      ['chairman', 'chairman', 'chairman'],
    ]);
    // The file for spreadsheets has it as the office writes it.
    const csv = (await controller.get<Buffer>('auditor', 'audit/export?format=csv')).body.toString();
    const lines = csv.split('\r\n').filter((line) => line.includes('announcement.withdraw'));
    const cells = lines.map((line) => line.split(',').slice(2, 5));
    expect(cells).toEqual([
      ['editor', 'editor', ''],
      ['deputy', 'Trần Văn Phó', 'KT. CHỦ TỊCH · PHÓ CHỦ TỊCH Trần Văn Phó'],
      ['chairman', 'chairman', 'CHỦ TỊCH chairman'],
    ]);
  });

  it('in each area by itself, and who is both is the chairman', async () => {
    const { controller, scheduling } = await office([
      { ...DEPUTY, until: LONG },
      { role: 'chairman', areas: ['ap-1'] },
    ]);
    const id = await scheduling.announcement(20, {}, false);
    await controller.post('editor', `announcements/${id}/submit`, {});
    const { body } = await controller.get<AnnouncementView>('editor', `announcements/${id}`);
    const yes = { sha256: body.approvalHash, areas: ['ap-1', 'ap-2'] };
    const { body: after } = await controller.post<AnnouncementView>(
      'deputy',
      `announcements/${id}/approve`,
      yes,
    );
    expect(after.decisions.map(({ areaId, as }) => [areaId, as])).toEqual([
      ['ap-1', 'chairman'],
      ['ap-2', 'deputy'],
    ]);
    // One word for all of it: of what he could not say as the chairman.
    expect(await details(controller, 'announcement.approve')).toEqual([['deputy', 'Trần Văn Phó', 'deputy']]);
  });

  it('of leaves for a series, given and ended', async () => {
    const { controller, scheduling } = await office();
    const news = await scheduling.announcement(20);
    const { body: schedule } = await scheduling.create('editor', scheduling.wanted(news, daily('05:40')));
    const path = `schedules/${schedule.id}/standing-approval`;
    const terms = { maxMinutes: 2, expiresAt: vietnam(20, '00:00') };
    const give = async (who: Who) => (await controller.post<StandingView>(who, path, terms)).body;
    const byDeputy = await give('deputy');
    expect(byDeputy).toMatchObject({ by: 'deputy', byName: 'Trần Văn Phó', as: 'deputy', endedAs: null });
    const byChairman = await give('chairman');
    expect(byChairman).toMatchObject({ by: 'chairman', byName: 'chairman', as: 'chairman' });
    const end = (who: Who, { id }: StandingView, over: object = {}) =>
      controller.post<StandingView>(who, `standing-approvals/${id}/revoke`, { reason: 'đổi giờ', ...over });
    await end('deputy', byChairman, { areas: ['ap-1'] });
    expect((await end('deputy', byChairman)).body).toMatchObject({
      ...{ endedBy: 'deputy', endedByName: 'Trần Văn Phó', endedAs: 'deputy', as: 'chairman' },
    });
    // A series that goes takes its leaves with it: that is no leader's word.
    await controller.call('editor', 'DELETE', `schedules/${schedule.id}`);
    const { body } = await controller.get<{ standing: StandingView[] }>('viewer', 'standing-approvals');
    expect(body.standing.find(({ id }) => id === byDeputy.id)).toMatchObject({
      ...{ endedBy: 'editor', endedByName: 'editor', endedAs: null, as: 'deputy' },
    });
    const [given, revoked] = [['deputy', 'Trần Văn Phó', 'deputy'], ['chairman']];
    expect(await details(controller, 'standing.give')).toEqual([given, [...revoked, 'chairman', 'chairman']]);
    expect(await details(controller, 'standing.revoke')).toEqual([given]);
    expect(await details(controller, 'standing.end')).toEqual([given, ['editor', 'editor', null]]);
  });

  it('of emergencies, asked for, confirmed, let go and reviewed', async () => {
    const { controller, scheduling } = await office();
    await controller.speaker('loa-1', 'ap-1');
    const urgent = { priority: 'emergency', title: 'Xả lũ' };
    const announcementId = await scheduling.announcement(20, urgent, false);
    const { body: words } = await controller.get<AnnouncementView>(
      'editor',
      `announcements/${announcementId}`,
    );
    const sha256 = words.approvalHash;
    const ask = async (who: Who, over: object = {}) => {
      const wish = { announcementId, sha256, targets: { areas: [COMMUNE] }, ...over };
      return (await controller.post<EmergencyOutcome>(who, 'emergencies', wish)).body.emergency;
    };
    expect(await ask('deputy')).toMatchObject({
      ...{ state: 'aired', askedBy: 'deputy', askedByName: 'Trần Văn Phó', askedAs: 'deputy' },
    });
    expect(await ask('chairman')).toMatchObject({ state: 'aired', askedAs: 'chairman' });
    const [first, second] = [await ask('editor'), await ask('editor')];
    expect(first).toMatchObject({ state: 'waiting', askedAs: null, decidedByName: null, decidedAs: null });
    const decide = async (who: Who, { id }: EmergencyView, verb: string, body: object) =>
      (await controller.post<EmergencyOutcome & EmergencyView>(who, `emergencies/${id}/${verb}`, body)).body;
    const decided = { decidedBy: 'deputy', decidedByName: 'Trần Văn Phó', decidedAs: 'deputy' };
    expect((await decide('deputy', first, 'confirm', { sha256 })).emergency).toMatchObject(decided);
    expect(await decide('deputy', second, 'drop', { reason: 'nước rút' })).toMatchObject(decided);
    const glass = await ask('editor', { breakGlass: { reason: 'vỡ đê, không gọi được ai' } });
    const note = { justified: true, note: 'đúng' };
    const { body } = await controller.post<EmergencyView>('deputy', `reviews/${glass.id}/resolve`, note);
    expect(body.review).toMatchObject({ by: 'deputy', byName: 'Trần Văn Phó', as: 'deputy' });
    const asDeputy = ['deputy', 'Trần Văn Phó', 'deputy'];
    const editor = ['editor', 'editor', null];
    expect(await details(controller, 'emergency.ask')).toEqual([
      ...[asDeputy, ['chairman', 'chairman', 'chairman'], editor, editor, editor],
    ]);
    for (const action of ['confirm', 'drop', 'review'])
      expect(await details(controller, `emergency.${action}`)).toEqual([asDeputy]);
    // What lies in the database comes back as it was asked for.
    const stored = await controller.context.storage.read.emergencies.get(glass.id);
    expect(Object.keys(stored?.request ?? {}).sort()).toEqual(
      ['announcementId', 'breakGlass', 'sha256', 'targets'].sort(),
    );
  });

  it('until the deputyship ends: the next act is refused at once', async () => {
    const until = vietnam(0, '05:20');
    const { clock, controller, scheduling } = await office([{ ...DEPUTY, from: vietnam(0, '00:00'), until }]);
    const yes = async () => {
      const id = await scheduling.announcement(20, {}, false);
      const { body } = await controller.post<AnnouncementView>('editor', `announcements/${id}/submit`, {});
      const sha256 = { sha256: body.approvalHash };
      return controller.post<AnnouncementView & Problem>('deputy', `announcements/${id}/approve`, sha256);
    };
    const session = async () => (await controller.get<{ grants: object[] }>('deputy', 'session')).body.grants;
    await clock.advance(until - 1 - clock.now());
    const last = await yes();
    expect(last.body.decisions).toMatchObject([{ as: 'deputy' }]);
    expect(await session()).toMatchObject([{ role: 'deputy', until }]);
    await clock.advance(1);
    const late = await yes();
    expect([late.status, late.body.error.code]).toEqual([403, 'request.forbidden']);
    expect(await session()).toEqual([]);
    // What he said while he might holds, and goes on saying how he said it.
    const { body } = await controller.get<AnnouncementView>('editor', `announcements/${last.body.id}`);
    expect(body).toMatchObject({ state: 'approved', decisions: [{ byName: 'Trần Văn Phó', as: 'deputy' }] });
  });
});

import { expect, it, onTestFinished } from 'vitest';
import type { AnnouncementView, ScheduleView, StandingView } from '#protocols';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';
import { Commune } from './support/commune.ts';
import { Planning } from './support/planning.ts';
import { localOf } from './support/village-time.ts';

/** Of a machine that has a lot to do besides. */
const LIMIT_MS = 120_000;
const SPEAKER = 'loa-dang-phat';

it(
  'what is withdrawn while it sounds stops at the loudspeaker',
  async () => {
    const commune = new Commune({ folder: tempDir('withdrawn') });
    onTestFinished(() => commune.stop());
    await commune.start();
    const [, news] = await Promise.all([
      commune.addAgent(SPEAKER),
      commune.prepare({ seconds: 30, seed: 23 }),
    ]);
    const live = commune.live();
    const { id } = await commune.play(news, [SPEAKER]);
    await live.next(
      'delivery.progress',
      { broadcastId: id, speakerId: SPEAKER, phase: 'playing' },
      ({ fraction }) => (fraction as number) > 0,
    );
    await commune.controller.as('editor').post(`/announcements/${news.announcementId}/withdraw`, {});
    expect(await commune.broadcast(id)).toMatchObject({
      ...{ state: 'cancelled', cancelReason: 'announcement.withdrawn' },
    });
    const stopped = await commune.settled(id, SPEAKER, ['interrupted', 'finished', 'cancelled']);
    expect(stopped).toMatchObject({ code: 'order.cancelled', played: false });
  },
  LIMIT_MS,
);

it(
  'what airs by a leave for its series is withdrawn alike: its slots leave the plan, and what sounds stops',
  async () => {
    const commune = new Commune({ folder: tempDir('withdrawn-leave') });
    onTestFinished(() => commune.stop());
    await commune.start();
    const [, { announcementId }] = await Promise.all([
      commune.addAgent(SPEAKER),
      commune.prepare({ seconds: 30, seed: 24 }),
    ]);
    const planning = new Planning(commune);
    const [editor, chairman] = [commune.controller.as('editor'), commune.controller.as('chairman')];
    // Reworded: nobody has approved it as it is, and it is the leave that it airs by.
    await editor.patch(`/announcements/${announcementId}`, { title: 'Bản tin của hôm nay' });
    const startsAt = Math.ceil((Date.now() + 12_000) / 1000) * 1000;
    const days = [1, 2, 3, 4, 5, 6, 7];
    const daily = planning.wanted(announcementId, startsAt, {
      recurrence: { kind: 'weekly', days, times: [localOf(startsAt).time] },
    });
    const schedule = await editor.post<ScheduleView>('/schedules', daily);
    const leave = { maxMinutes: 1, expiresAt: startsAt + 30 * 86_400_000 };
    const path = `/schedules/${schedule.id}/standing-approval`;
    const standing = await chairman.post<StandingView>(path, leave);
    const live = commune.live();
    const handedIn = await editor.post<AnnouncementView>(`/announcements/${announcementId}/submit`, {});
    const { id, clearance } = await planning.broadcastOf(schedule);
    expect(clearance).toEqual([{ kind: 'standing', id: standing.id, sha256: handedIn.approvalHash }]);
    const inTenDays = startsAt + 10 * 86_400_000;
    expect((await planning.slotsOf(schedule, inTenDays)).length).toBeGreaterThanOrEqual(10);
    await live.next(
      'delivery.progress',
      { broadcastId: id, speakerId: SPEAKER, phase: 'playing' },
      ({ fraction }) => (fraction as number) > 0,
    );
    await editor.post(`/announcements/${announcementId}/withdraw`, {});
    expect(await commune.broadcast(id)).toMatchObject({
      ...{ state: 'cancelled', cancelReason: 'announcement.withdrawn' },
    });
    const stopped = await commune.settled(id, SPEAKER, ['interrupted', 'finished', 'cancelled']);
    // The cancel and the plan without it go out together: either may come first.
    expect(['order.cancelled', 'plan.withdrawn']).toContain(stopped.code);
    expect(stopped.played).toBe(false);
    await until(
      'the slots to have left the plan',
      async () => (await planning.slotsOf(schedule, inTenDays)).length === 0,
    );
    await until('the loudspeaker to hold the plan without them', () => planning.told());
  },
  LIMIT_MS,
);

import type {
  AnnouncementView,
  CalendarView,
  OccurrenceView,
  Policy,
  ScheduleCreate,
  ScheduleView,
} from '#protocols';
import { medium } from '../../contract/storage/samples.ts';
import { FAKE_START, FakeClock } from '../../helpers/fake-clock.ts';
import { COMMUNE, type Problem, startController, type TestController, type Who } from './support.ts';

const DAY = 86_400_000;
const VIETNAM = 7 * 3_600_000;

/** The instant of a Vietnamese wall time, so many days from the Monday of the tests. */
export function vietnam(daysAhead: number, time: string): number {
  const today = Math.floor((FAKE_START + VIETNAM) / DAY);
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return (today + daysAhead) * DAY + (hours * 60 + minutes) * 60_000 - VIETNAM;
}

/** The day so many days from that Monday, as Vietnam writes it. */
export const dayOf = (daysAhead: number): string =>
  new Date(vietnam(daysAhead, '12:00') + VIETNAM).toISOString().slice(0, 10);

export const policy = (over: Partial<Policy> = {}): Policy => ({
  windows: [
    { days: [1, 2, 3, 4, 5, 6, 7], opens: '05:30', closes: '06:30' },
    { days: [1, 2, 3, 4, 5, 6, 7], opens: '17:00', closes: '18:00' },
  ],
  ...{ sessionMinutes: null, legalBasis: 'kiểm thử' },
  ...over,
});

export const daily = (...times: string[]): ScheduleCreate['recurrence'] => ({
  ...{ kind: 'weekly', days: [1, 2, 3, 4, 5, 6, 7], times },
});

export const once = (daysAhead: number, time: string): ScheduleCreate['recurrence'] => ({
  ...{ kind: 'once', day: dayOf(daysAhead), time },
});

/** A controller for whom it is Monday 2026-01-05, 05:00 in Vietnam, until the test moves its clock. */
export async function startMonday() {
  const clock = new FakeClock();
  const controller = await startController({ clock });
  return { clock, controller, scheduling: new Scheduling(controller) };
}

/** What the tests of schedules ask for again and again. */
export class Scheduling {
  readonly controller: TestController;

  constructor(controller: TestController) {
    this.controller = controller;
  }

  setPolicy(areaId: string, rules: Policy) {
    return this.controller.call('administrator', 'PATCH', `areas/${areaId}`, { body: { policy: rules } });
  }

  /** An announcement with audio of so many seconds, approved unless told otherwise. */
  async announcement(seconds: number, over: object = {}, approve = true): Promise<string> {
    const { controller } = this;
    const file = medium({ durationMs: seconds * 1000, bytes: 1_000_000 });
    await controller.context.storage.transaction((tx) => tx.media.put(file));
    const wanted = { areaId: COMMUNE, title: `Bản tin ${seconds} giây`, mediaSha256: file.sha256, ...over };
    const { body } = await controller.post<AnnouncementView>('editor', 'announcements', wanted);
    if (approve) {
      await controller.post('editor', `announcements/${body.id}/submit`, {});
      await controller.post('chairman', `announcements/${body.id}/approve`, { sha256: body.approvalHash });
    }
    return body.id;
  }

  wanted(announcementId: string, recurrence: ScheduleCreate['recurrence'], over: object = {}) {
    const content = { kind: 'announcement', announcementId };
    return { areaId: COMMUNE, content, targets: { areas: [COMMUNE] }, recurrence, ...over };
  }

  create(who: Who, body: object) {
    return this.controller.post<ScheduleView & Problem>(who, 'schedules', body);
  }

  async occurrences(id: string, from: number, to: number): Promise<OccurrenceView[]> {
    const path = `schedules/${id}/occurrences?from=${from}&to=${to}`;
    const { body } = await this.controller.get<{ occurrences: OccurrenceView[] }>('viewer', path);
    return body.occurrences;
  }

  async calendar(query: string, from: number, to: number): Promise<CalendarView> {
    const path = `calendar?${query}&from=${from}&to=${to}`;
    return (await this.controller.get<CalendarView>('viewer', path)).body;
  }

  /** The audit log's records of an action. */
  async audited(action: string) {
    const all = await this.controller.context.storage.read.audit.list(0, 1000);
    return all.filter((entry) => entry.action === action);
  }
}

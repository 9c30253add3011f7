import type {
  BroadcastView,
  CalendarView,
  PlanState,
  ScheduleCreate,
  ScheduleView,
  SlotReadiness,
} from '#protocols';
import { ApiError } from '../../../server/demo/api-client.ts';
import { until } from '../../helpers/until.ts';
import { AREA, type Commune } from './commune.ts';
import { localOf } from './village-time.ts';

/** Schedules of a commune, and who holds them. */
export class Planning {
  readonly #commune: Commune;

  constructor(commune: Commune) {
    this.#commune = commune;
  }

  /** What schedules an announcement once, at a whole second, for the whole commune. */
  wanted(announcementId: string, startsAt: number, more: Partial<ScheduleCreate> = {}): ScheduleCreate {
    return {
      areaId: AREA,
      content: { kind: 'announcement', announcementId },
      targets: { areas: [AREA] },
      recurrence: { kind: 'once', ...localOf(startsAt) },
      start: { mode: 'instant', latenessMs: 60_000 },
      ...more,
    };
  }

  /** Enters a schedule and waits until every loudspeaker that it is meant for holds its plan and audio. */
  async schedule(
    announcementId: string,
    startsAt: number,
    more: Partial<ScheduleCreate> = {},
  ): Promise<ScheduleView> {
    const wanted = this.wanted(announcementId, startsAt, more);
    const schedule = await this.#commune.controller.as('editor').post<ScheduleView>('/schedules', wanted);
    await until('the plan to be held', async () => {
      const slots = await this.slotsOf(schedule);
      return slots.length > 0 && slots.every(({ meant, holding }) => meant === holding);
    });
    return schedule;
  }

  /** Deletes a schedule; who was told of it may not be told of this yet. */
  async delete({ id }: ScheduleView): Promise<void> {
    const { controller } = this.#commune;
    const headers = { authorization: `Bearer ${controller.token('editor')}`, 'idempotency-key': `del-${id}` };
    const url = `${controller.url}/api/v1/schedules/${id}`;
    const answer = await fetch(url, { method: 'DELETE', headers });
    if (!answer.ok) throw new Error(`the schedule was not deleted: ${answer.status} ${await answer.text()}`);
  }

  /** Deletes a schedule and waits until every loudspeaker of the commune has been told. */
  async remove(schedule: ScheduleView): Promise<void> {
    const before = await this.#areaPlan();
    await this.delete(schedule);
    await until('the plan without it to be held', async () => {
      const plan = await this.#areaPlan();
      return plan.revision > before.revision && plan.told === plan.speakers;
    });
  }

  /** The one broadcast of a schedule's only occurrence. @throws Error when there are more */
  async broadcastOf({ id }: ScheduleView): Promise<BroadcastView> {
    const found = await until('the broadcast of the slot', async () => {
      const all = (await this.#commune.broadcasts()).filter(({ scheduleId }) => scheduleId === id);
      return all.length > 0 && all;
    });
    const [broadcast, ...more] = found;
    if (broadcast === undefined || more.length > 0) throw new Error(`${found.length} broadcasts of one slot`);
    return broadcast;
  }

  calendar(from: number, to: number): Promise<CalendarView> {
    return this.#commune.controller.as('editor').get(`/calendar?area=${AREA}&from=${from}&to=${to}`);
  }

  /** The slots of a schedule that the plan has, by default of the next 24 hours, and who holds them. */
  async slotsOf({ id }: Pick<ScheduleView, 'id'>, to?: number): Promise<SlotReadiness[]> {
    const { slots } = await this.#commune.controller
      .as('editor')
      .get<{ slots: SlotReadiness[] }>(`/readiness?area=${AREA}${to === undefined ? '' : `&to=${to}`}`);
    return slots.filter(({ scheduleId }) => scheduleId === id);
  }

  /** Whether every loudspeaker of the commune holds the plan that is in force. */
  async told(): Promise<boolean> {
    const { told, speakers } = await this.#areaPlan();
    return told === speakers;
  }

  async #areaPlan(): Promise<PlanState['scopes'][number]> {
    const { scopes } = await this.#commune.controller
      .as('editor')
      .get<PlanState>(`/plans/state?area=${AREA}`);
    const found = scopes.find(({ scope }) => scope.kind === 'area' && scope.id === AREA);
    if (found === undefined) throw new Error('the commune has no plan');
    return found;
  }
}

/** The code with which a request is refused; "accepted" when it is not. */
export async function refusal(request: Promise<unknown>): Promise<string> {
  try {
    await request;
    return 'accepted';
  } catch (error) {
    if (error instanceof ApiError) return error.code;
    throw error;
  }
}

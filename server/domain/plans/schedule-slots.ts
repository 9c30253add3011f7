import type { AreaTree } from '../areas/area.ts';
import { planTargets } from '../broadcasts/plan-targets.ts';
import type { SpeakerIndex } from '../broadcasts/resolve-targets.ts';
import type { HolidayTable } from '../calendar/holiday.ts';
import { readSlotFacts } from '../schedule/slot-facts.ts';
import { slotsBetween } from '../schedule/slots.ts';
import type { SlotFacts, SlotSource } from './slot-draft.ts';

export interface ScheduleSlotsOptions {
  readonly areas: { readonly tree: AreaTree };
  readonly speakers: SpeakerIndex;
  readonly holidays: () => HolidayTable;
}

/** Makes the slots of the schedules that are stored. */
export class ScheduleSlots implements SlotSource {
  readonly #options: ScheduleSlotsOptions;

  constructor(options: ScheduleSlotsOptions) {
    this.#options = options;
  }

  async read(stores: Parameters<SlotSource['read']>[0]): Promise<SlotFacts> {
    const { areas, speakers } = this.#options;
    const schedules = await stores.schedules.active();
    const { tree } = areas;
    const territory = { tree, areaOfSpeaker: (id: string) => speakers.get(id)?.areaId };
    const facts = await readSlotFacts(stores, territory, schedules);
    const holidays = this.#options.holidays();
    return {
      schedules,
      expand: (schedule, from, to) => {
        const { slots, withheld } = slotsBetween(schedule, facts, holidays, from, to);
        const targets = planTargets(schedule.targets, tree, speakers);
        const { areaId } = schedule;
        return {
          slots: slots.map(
            ({
              broadcastId,
              scheduleId,
              announcementId,
              seriesId,
              sessionId,
              originalAt,
              position,
              order,
            }) => ({
              ...{ broadcastId, scheduleId, announcementId, areaId, seriesId, sessionId },
              ...{ originalAt, position, targets, order },
            }),
          ),
          withheld,
        };
      },
    };
  }
}

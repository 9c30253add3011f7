import type { ProgrammeView, ScheduleView } from '#protocols';
import type { Programme, Schedule } from '../domain/schedule/schedule.ts';

/** A programme with lists that the serializer may own. */
export function programmeView({ items, ...programme }: Programme): ProgrammeView {
  return { ...programme, items: items.map((item) => ({ ...item })) };
}

/** A schedule with lists that the serializer may own. */
export function scheduleView({ rule, ...schedule }: Schedule): ScheduleView {
  return { ...schedule, rule: { ...rule, changes: [...rule.changes] } };
}

/** Told after a commit that plans may have changed: schedules, programmes, holidays. Calls may come close together. */
export interface PlanChanges {
  changed(): void;
}

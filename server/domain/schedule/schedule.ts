import type { Priority, ScheduleContent, ScheduleRule, ScheduleStart, Targets } from '#protocols';

/** One announcement of a programme. */
export interface ProgrammeItem {
  readonly announcementId: string;
  /** Silence after it, before the next one. */
  readonly gapMs: number;
  /** How often it sounds, with `gapMs` between. */
  readonly repeat: number;
}

/** Announcements played one after the other as one session. */
export interface Programme {
  readonly id: string;
  readonly areaId: string;
  readonly title: string;
  readonly items: readonly ProgrammeItem[];
  /** Name of the sound before the first item; null: none. */
  readonly chime: string | null;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly retiredAt: number | null;
}

/**
 * When, where, how often and what. The parts of a series that was split ("this and following") share `seriesId`, and each
 * covers its own range of original instants: a broadcast's id is derived from (series, original instant, position).
 */
export interface Schedule {
  readonly id: string;
  readonly seriesId: string;
  readonly areaId: string;
  readonly title: string;
  readonly priority: Priority;
  readonly content: ScheduleContent;
  readonly targets: Targets;
  readonly rule: ScheduleRule;
  readonly start: ScheduleStart;
  readonly overlap: 'queue' | 'duck';
  readonly afterInterruption: 'resume' | 'drop' | 'reschedule';
  readonly gainDb: number;
  readonly makeGood: 'off' | 'propose' | 'auto';
  readonly windowOverride: { readonly by: string; readonly reason: string } | null;
  /** The announcement that airs where nothing of a session is approved; null: silence. */
  readonly fallbackId: string | null;
  /** The occurrence that it plays once more; null: it is a schedule of its own. */
  readonly againOf: { readonly seriesId: string; readonly originalAt: number } | null;
  readonly pausedAt: number | null;
  readonly pausedBy: string | null;
  /** Its slots are withdrawn; what it has aired stays. */
  readonly deletedAt: number | null;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface ProgrammeStore {
  list(areaIds: readonly string[]): Promise<Programme[]>;
  get(id: string): Promise<Programme | null>;
  /** Those of these ids that exist. */
  some(ids: readonly string[]): Promise<Programme[]>;
  save(programme: Programme): Promise<void>;
}

export interface ScheduleStore {
  /** Schedules of these areas, deleted ones only if asked for. */
  list(areaIds: readonly string[], options?: { readonly deleted?: boolean }): Promise<Schedule[]>;
  /** Every schedule that may still have occurrences: not deleted. */
  active(): Promise<Schedule[]>;
  ofSeries(seriesId: string): Promise<Schedule[]>;
  get(id: string): Promise<Schedule | null>;
  save(schedule: Schedule): Promise<void>;
}

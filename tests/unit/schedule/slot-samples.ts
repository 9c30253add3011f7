import { type Policy, sha256 } from '#protocols';
import type { Announcement } from '../../../server/domain/announcements/announcement.ts';
import { approvalHash } from '../../../server/domain/announcements/approval-hash.ts';
import type { StandingApproval } from '../../../server/domain/announcements/standing-approval.ts';
import { type Area, AreaTree } from '../../../server/domain/areas/area.ts';
import { DEFAULT_HOLIDAYS } from '../../../server/domain/calendar/default-holidays.ts';
import type { Programme, Schedule } from '../../../server/domain/schedule/schedule.ts';
import { type SlotFacts, slotFacts } from '../../../server/domain/schedule/slot-facts.ts';
import { slotsBetween } from '../../../server/domain/schedule/slots.ts';

/** Monday 2026-01-05, 00:00 in Vietnam. */
export const MONDAY = Date.UTC(2026, 0, 4, 17);
const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** An instant of that Monday, by Vietnam's clocks. */
export const at = (hours: number, minutes = 0, days = 0) =>
  MONDAY + days * DAY + hours * HOUR + minutes * 60_000;

export const area = (id: string, parentId: string | null, policy: Policy | null = null): Area => ({
  ...{ id, parentId, kind: 'xã', name: id, zone: null, createdAt: 0, retiredAt: null },
  policy: policy === null ? null : JSON.stringify(policy),
});

/** An approved announcement with audio of so many seconds. */
export function announcement(id: string, over: Partial<Announcement> = {}): Announcement {
  const made: Announcement = {
    ...{ id, areaId: 'xa', title: `Bản tin ${id}`, category: '', origin: 'own', language: 'vi' },
    ...{ priority: 'normal', text: null, state: 'approved', mediaSha256: sha256(id), approvedSha256: null },
    ...{
      stream: null,
      stored: false,
      rejectedReason: null,
      createdBy: 'bích',
      composers: ['bích'],
      recordedBy: null,
      forAreas: [],
      decisions: [
        { areaId: over.areaId ?? 'xa', verdict: 'approved', by: 'chairman', as: null, at: 0, reason: null },
      ],
      createdAt: 0,
      updatedAt: 0,
    },
    ...over,
  };
  return { ...made, approvedSha256: over.approvedSha256 ?? approvalHash(made) };
}

export const programme = (items: Programme['items'], over: Partial<Programme> = {}): Programme => ({
  ...{ id: 'prg_1', areaId: 'xa', title: 'Chương trình sáng', items, chime: null, createdBy: 'bích' },
  ...{ createdAt: 0, updatedAt: 0, retiredAt: null },
  ...over,
});

export const item = (announcementId: string, gapMs = 1_000, repeat = 1) => ({
  announcementId,
  gapMs,
  repeat,
});

/** Every day at 05:30 for the whole commune. */
export const schedule = (over: Partial<Schedule> = {}): Schedule => ({
  ...{ id: 'sch_1', seriesId: 'ser_1', areaId: 'xa', title: 'Sáng', priority: 'normal' },
  content: { kind: 'programme', programmeId: 'prg_1' },
  targets: { areas: ['xa'], speakers: [], excludeAreas: [], excludeSpeakers: [] },
  rule: {
    recurrence: { kind: 'weekly', days: [1, 2, 3, 4, 5, 6, 7], times: ['05:30'] },
    ...{ fromDay: null, untilDay: null, fromInstant: MONDAY, beforeInstant: null, changes: [] },
  },
  start: { mode: 'instant', latenessMs: 300_000 },
  ...{ overlap: 'queue', afterInterruption: 'resume', gainDb: 0, makeGood: 'propose', windowOverride: null },
  ...{ againOf: null, fallbackId: null, pausedAt: null, pausedBy: null, deletedAt: null },
  ...{ createdBy: 'bích', createdAt: 0, updatedAt: 0 },
  ...over,
});

/** A commune with two hamlets; audio lasts a minute unless `seconds` says otherwise. */
export function facts(
  found: {
    readonly programmes?: readonly Programme[];
    readonly announcements?: readonly Announcement[];
    readonly areas?: readonly Area[];
    readonly seconds?: Readonly<Record<string, number>>;
    readonly standing?: readonly StandingApproval[];
  } = {},
): SlotFacts {
  const announcements = found.announcements ?? [announcement('a'), announcement('b'), announcement('c')];
  const tree = new AreaTree(found.areas ?? [area('xa', null), area('ap-1', 'xa'), area('ap-2', 'xa')]);
  const areaOfSpeaker = (id: string) => (id === 'loa-1' ? 'ap-1' : undefined);
  return slotFacts(
    { tree, areaOfSpeaker, hasSpeakers: () => false },
    {
      announcements,
      standing: found.standing ?? [],
      programmes: found.programmes ?? [programme([item('a'), item('b')])],
      media: announcements.flatMap(({ id, mediaSha256 }) =>
        mediaSha256 === null
          ? []
          : [
              {
                sha256: mediaSha256,
                bytes: 1_000,
                durationMs: (found.seconds?.[id] ?? 60) * 1_000,
                chunkListSha256: sha256('list'),
              },
            ],
      ),
    },
  );
}

export const slotsOn = (one: Schedule, of: SlotFacts, day = 0) =>
  slotsBetween(one, of, DEFAULT_HOLIDAYS, MONDAY + day * DAY, MONDAY + (day + 1) * DAY);

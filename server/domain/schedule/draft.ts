import {
  DEFAULT_LATENESS_MS,
  DomainError,
  type Priority,
  type ScheduleChangeRequest,
  type ScheduleContent,
  type ScheduleCreate,
} from '#protocols';
import type { Actor } from '../accounts/actor.ts';
import { wantedTargets } from '../broadcasts/resolve-targets.ts';
import type { Schedule } from './schedule.ts';
import type { SlotFacts } from './slot-facts.ts';

export type ScheduleFields = ScheduleChangeRequest['change'];

const RANK: readonly Priority[] = ['normal', 'priority', 'emergency'];

/** A new schedule from a request. Nothing is checked yet but the priority (see `priorityFor`). */
export function draftOf(
  wanted: ScheduleCreate,
  actor: Actor,
  ids: { readonly id: string; readonly seriesId: string },
  now: number,
  facts: SlotFacts,
): Schedule {
  return {
    ...ids,
    areaId: wanted.areaId,
    title: wanted.title?.trim() ?? titleOf(wanted.content, facts),
    priority: priorityFor(wanted.priority, wanted.content, facts),
    content: wanted.content,
    targets: wantedTargets(wanted.targets),
    rule: {
      recurrence: wanted.recurrence,
      fromDay: wanted.fromDay ?? null,
      untilDay: wanted.untilDay ?? null,
      // Nothing of it was before it was made.
      fromInstant: now,
      beforeInstant: null,
      changes: [],
    },
    start: wanted.start ?? { mode: 'instant', latenessMs: DEFAULT_LATENESS_MS },
    overlap: wanted.overlap ?? 'queue',
    afterInterruption: wanted.afterInterruption ?? 'resume',
    gainDb: wanted.gainDb ?? 0,
    makeGood: wanted.makeGood ?? 'propose',
    windowOverride: leaveOf(wanted.windowOverride ?? null, actor),
    fallbackId: wanted.fallbackId ?? null,
    againOf: null,
    pausedAt: null,
    pausedBy: null,
    deletedAt: null,
    createdBy: actor.name,
    createdAt: now,
    updatedAt: now,
  };
}

/** A schedule with some fields changed; what it airs, and so its priority, may be another. */
export function changed(
  before: Schedule,
  change: ScheduleFields,
  actor: Actor,
  now: number,
  facts: SlotFacts,
): Schedule {
  const content = change.content ?? before.content;
  const newPriority =
    change.priority === undefined && change.content === undefined
      ? before.priority
      : priorityFor(change.priority, content, facts);
  return {
    ...before,
    title: change.title?.trim() ?? before.title,
    priority: newPriority,
    content,
    targets: change.targets === undefined ? before.targets : wantedTargets(change.targets),
    rule: {
      ...before.rule,
      recurrence: change.recurrence ?? before.rule.recurrence,
      fromDay: change.fromDay === undefined ? before.rule.fromDay : change.fromDay,
      untilDay: change.untilDay === undefined ? before.rule.untilDay : change.untilDay,
    },
    start: change.start ?? before.start,
    overlap: change.overlap ?? before.overlap,
    afterInterruption: change.afterInterruption ?? before.afterInterruption,
    gainDb: change.gainDb ?? before.gainDb,
    makeGood: change.makeGood ?? before.makeGood,
    windowOverride:
      change.windowOverride === undefined ? before.windowOverride : leaveOf(change.windowOverride, actor),
    fallbackId: change.fallbackId === undefined ? before.fallbackId : change.fallbackId,
    updatedAt: now,
  };
}

/** The announcements of a content, in order. Throws `request.not_found`, `schedule.invalid` for a retired programme. */
export function announcementsOf(content: ScheduleContent, { announcements, programmes }: SlotFacts) {
  const found = (id: string) => {
    const announcement = announcements.get(id);
    if (announcement === undefined) throw new DomainError('request.not_found', { what: 'announcement', id });
    return announcement;
  };
  if (content.kind === 'announcement') return [found(content.announcementId)];
  const programme = programmes.get(content.programmeId);
  if (programme === undefined)
    throw new DomainError('request.not_found', { what: 'programme', id: content.programmeId });
  if (programme.retiredAt !== null)
    throw new DomainError('schedule.invalid', { reason: `programme "${programme.title}" is retired` });
  return programme.items.map(({ announcementId }) => found(announcementId));
}

/** An emergency is for now: what is planned has an ordinary priority, though it may be asked for by name. */
function priorityFor(wanted: Priority | undefined, content: ScheduleContent, facts: SlotFacts): Priority {
  const items = announcementsOf(content, facts);
  if (wanted !== undefined) return wanted;
  const highest = Math.max(...items.map(({ priority }) => RANK.indexOf(priority)));
  const priority = RANK[highest] ?? 'normal';
  if (priority !== 'emergency') return priority;
  throw new DomainError('schedule.invalid', {
    reason: 'an emergency is not scheduled: play it now, or ask for "normal" or "priority"',
  });
}

function titleOf(content: ScheduleContent, { announcements, programmes }: SlotFacts): string {
  return content.kind === 'announcement'
    ? (announcements.get(content.announcementId)?.title ?? content.announcementId)
    : (programmes.get(content.programmeId)?.title ?? content.programmeId);
}

function leaveOf(wanted: { readonly reason: string } | null, actor: Actor): Schedule['windowOverride'] {
  return wanted === null ? null : { by: actor.name, reason: wanted.reason };
}

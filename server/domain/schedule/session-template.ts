import type { Instant, Milliseconds } from '#kit';
import { type Capability, type PlayOrder, repetitionMs, type Targets } from '#protocols';
import type { Announcement } from '../announcements/announcement.ts';
import {
  type ClearedBy,
  type ClearedContent,
  type ClearedPrelude,
  type ClearedTargets,
  type Clearing,
  clear,
  soundOf,
} from '../announcements/clearance.ts';
import { isFor, type LeavesAt } from '../announcements/standing-approval.ts';
import type { AreaTree } from '../areas/area.ts';
import { namesOf } from '../areas/area-names.ts';
import { outermost } from '../areas/outermost.ts';
import { airTimeMs } from '../broadcasts/plan-broadcast.ts';
import type { Schedule } from './schedule.ts';
import { composedMs, leavesAt, timingOf, wantedItems } from './series-leaves.ts';
import type { SlotFacts } from './slot-facts.ts';
import type { Refusal } from './target-rules.ts';

/** One item of a session, whenever that begins. */
export interface SessionItem {
  /** Stays the same when others are put before it: the announcement, and which of its equals it is. */
  readonly key: string;
  readonly position: number;
  readonly announcementId: string;
  readonly title: string;
  /** From the start of the session to its first sound. */
  readonly offsetMs: Milliseconds;
  readonly airTimeMs: Milliseconds;
  readonly content: ClearedContent;
  readonly prelude: ClearedPrelude[];
  readonly repeat: PlayOrder['repeat'];
  readonly requires: readonly Capability[];
  /** Where it sounds. The same object for items that sound in the same places. */
  readonly targets: ClearedTargets;
  /** Areas of the schedule's targets in which nobody approved it. */
  readonly missing: readonly string[];
  /** By whose word it sounds. */
  readonly by: readonly ClearedBy[];
}

/** An item that cannot sound as things are. */
export interface SilentItem {
  readonly key: string;
  readonly position: number;
  readonly announcementId: string | null;
  readonly title: string;
  readonly refusal: Refusal;
  /** Areas in which nobody approved it, where that is why. */
  readonly missing: readonly string[];
}

/** What a schedule airs each time: its items one after the other. What cannot sound takes no time. */
export interface SessionTemplate {
  readonly items: readonly SessionItem[];
  readonly silent: readonly SilentItem[];
  /** From the first sound to the last. */
  readonly lengthMs: Milliseconds;
  /** What sounds, or would sound, where nothing of it is approved; null: nothing is wanted there. */
  readonly fallback: SessionItem | SilentItem | null;
}

const templates = new WeakMap<SlotFacts, WeakMap<Schedule, Map<string, SessionTemplate>>>();

/** The session of a schedule at one of its occurrences, worked out once for each picture of the facts and each set of leaves that cover it. */
export function templateAt(schedule: Schedule, originalAt: Instant, facts: SlotFacts): SessionTemplate {
  return templateOf(schedule, facts, leavesAt(schedule, originalAt, facts));
}

const NO_LEAVES: LeavesAt = { grants: [], exceeded: [] };

/** The session of a schedule whenever it is, by default without any leave for the series. */
export function templateOf(
  schedule: Schedule,
  facts: SlotFacts,
  leaves: LeavesAt = NO_LEAVES,
): SessionTemplate {
  const key = [leaves.grants, leaves.exceeded].map((some) => some.map(({ id }) => id).join()).join('|');
  const known = templates.get(facts)?.get(schedule)?.get(key);
  if (known !== undefined) return known;
  const made = makeTemplate(schedule, facts, leaves);
  const bySchedule = templates.get(facts) ?? new WeakMap<Schedule, Map<string, SessionTemplate>>();
  const byLeaves = bySchedule.get(schedule) ?? new Map<string, SessionTemplate>();
  templates.set(facts, bySchedule.set(schedule, byLeaves.set(key, made)));
  return made;
}

function makeTemplate(schedule: Schedule, facts: SlotFacts, leaves: LeavesAt): SessionTemplate {
  const { content } = schedule;
  if (content.kind === 'programme' && !facts.programmes.has(content.programmeId)) {
    const refusal: Refusal = {
      code: 'request.not_found',
      params: { what: 'programme', id: content.programmeId },
    };
    const { title } = schedule;
    return {
      items: [],
      silent: [{ key: content.programmeId, position: 0, announcementId: null, title, refusal, missing: [] }],
      ...{ lengthMs: 0, fallback: null },
    };
  }
  const wanted = wantedItems(content, facts);
  const items: SessionItem[] = [];
  const silent: SilentItem[] = [];
  const seen = new Map<string, number>();
  const places = new Map<string, ClearedTargets>();
  let [offsetMs, lengthMs] = [0, 0];
  for (const [position, item] of wanted.items.entries()) {
    const { announcementId, gapMs } = item;
    const equals = seen.get(announcementId) ?? 0;
    seen.set(announcementId, equals + 1);
    const key = `${announcementId}#${equals}`;
    const announcement = facts.announcements.get(announcementId);
    const title = announcement?.title ?? '';
    const found = clearingOf(announcementId, announcement, schedule, schedule.targets, facts, leaves);
    if ('refusal' in found) {
      silent.push({ key, position, announcementId, title, ...found });
      continue;
    }
    const { content: sound, missing, by } = found;
    const { prelude, repeat, airTimeMs } = timingOf(sound, item, items.length === 0 ? wanted.chime : null);
    items.push({
      key,
      position,
      announcementId,
      title,
      offsetMs,
      airTimeMs,
      content: sound,
      prelude,
      repeat,
      requires: requirements(schedule, sound, prelude.length > 0, repeat.count),
      targets: once(found.targets, places),
      missing,
      by,
    });
    lengthMs = offsetMs + airTimeMs;
    offsetMs = lengthMs + gapMs;
  }
  return { items, silent, lengthMs, fallback: fallbackOf(schedule, facts, items, silent) };
}

/** What an announcement sounds like on the air, and where, or why it does not sound. */
function clearingOf(
  announcementId: string,
  announcement: Announcement | undefined,
  schedule: Schedule,
  targets: Targets,
  facts: SlotFacts,
  leaves: LeavesAt,
): Clearing | Pick<SilentItem, 'refusal' | 'missing'> {
  if (announcement === undefined)
    return silence({ code: 'request.not_found', params: { what: 'announcement', id: announcementId } });
  const { media, territory } = facts;
  const { mediaSha256 } = announcement;
  const medium = mediaSha256 === null ? null : media.get(mediaSha256);
  const sound = clear(announcement, medium, { targets, territory, standing: leaves.grants });
  if ('content' in sound) return sound;
  const { unclear, missing } = sound;
  switch (unclear) {
    case 'not_stored':
      return silence({ code: 'media.not_stored', params: { sha256: mediaSha256 } });
    case 'not_approved':
    case 'changed':
    case 'no_audio':
      return silence(
        tooLong(announcement, schedule, facts, leaves) ?? {
          code: 'schedule.not_approved',
          params: { announcementId },
        },
        missing,
      );
    case 'not_here':
      return silence(
        {
          code: 'approval.areas_missing',
          params: { id: announcementId, areas: namesOf(missing, territory.tree) },
        },
        missing,
      );
    case 'scattered':
      return silence({ code: 'approval.scattered', params: { id: announcementId } }, missing);
  }
}

/** Why leaves for the series do not cover what nobody approved, where that is the length of the session alone. */
function tooLong(
  announcement: Announcement,
  schedule: Schedule,
  facts: SlotFacts,
  { exceeded }: LeavesAt,
): Refusal | undefined {
  const sound = soundOf(announcement, facts.media.get(announcement.mediaSha256 ?? '') ?? null);
  if (exceeded.length === 0 || typeof sound === 'string') return undefined;
  const would = exceeded.filter((one) => isFor(one, announcement, sound.durationMs, facts.territory));
  const limit = Math.max(0, ...would.map(({ terms }) => terms.sessionMinutes ?? 0));
  if (limit === 0) return undefined;
  const minutes = Math.ceil(composedMs(schedule, facts) / 60_000);
  return {
    code: 'approval.session_too_long',
    params: { announcementId: announcement.id, minutes, limit },
  };
}

/** Key of the fallback among the items of a session. */
const FALLBACK = 'fallback';
/** A slot names no more areas. */
const MOST_AREAS = 64;

/** What sounds instead where nothing of a session is approved: as one item at its start. It has to be approved itself, by itself. */
function fallbackOf(
  schedule: Schedule,
  facts: SlotFacts,
  items: readonly SessionItem[],
  silent: readonly SilentItem[],
): SessionTemplate['fallback'] {
  const { fallbackId: announcementId, targets } = schedule;
  const everywhere = commonOf(
    [...items, ...silent].map(({ missing }) => missing),
    facts.tree,
  );
  if (announcementId === null || everywhere.length === 0) return null;
  const { tree, territory } = facts;
  const meant = (areaId: string | undefined) =>
    areaId !== undefined && tree.has(areaId) && tree.ancestry(areaId).some((id) => everywhere.includes(id));
  const sounding = items.flatMap((item) => item.targets.areas).filter((id) => !everywhere.includes(id));
  const excluded = [...targets.excludeAreas, ...sounding.filter((id) => meant(id))];
  const areas = everywhere.filter((id) => targets.areas.some((one) => tree.ancestry(id).includes(one)));
  const place: Targets = {
    areas: areas.slice(0, MOST_AREAS),
    speakers: targets.speakers.filter((id) => meant(territory.areaOfSpeaker(id))),
    excludeAreas: [...new Set(excluded)].slice(0, MOST_AREAS),
    excludeSpeakers: [...targets.excludeSpeakers],
  };
  const announcement = facts.announcements.get(announcementId);
  const title = announcement?.title ?? '';
  const name = { key: FALLBACK, position: 0, announcementId, title };
  // What does not fit into one order stays silent: half of it would be neither here nor there.
  const scattered = Math.max(areas.length, new Set(excluded).size) > MOST_AREAS;
  const found = scattered
    ? silence({ code: 'approval.scattered', params: { id: announcementId } })
    : clearingOf(announcementId, announcement, schedule, place, facts, NO_LEAVES);
  if ('refusal' in found) return { ...name, ...found, missing: [] };
  const { content, targets: cleared, missing, by } = found;
  const repeat = { count: 1, intervalMs: 0 };
  return {
    ...{ ...name, offsetMs: 0, content, prelude: [], repeat, targets: cleared, missing, by },
    airTimeMs: airTimeMs(repetitionMs({ content, prelude: [] }), repeat),
    requires: requirements(schedule, content, false, 1),
  };
}

/** The areas that lie in some area of every one of these lists. */
function commonOf(lists: readonly (readonly string[])[], tree: AreaTree): string[] {
  const within = (id: string, list: readonly string[]) =>
    tree.has(id) && tree.ancestry(id).some((one) => list.includes(one));
  const found = lists.flat().filter((id) => lists.every((list) => within(id, list)));
  return outermost(found, tree);
}

function silence(refusal: Refusal, missing: readonly string[] = []): Pick<SilentItem, 'refusal' | 'missing'> {
  return { refusal, missing };
}

/** The same targets as one object: what sounds in the same places is counted together. */
function once(targets: ClearedTargets, known: Map<string, ClearedTargets>): ClearedTargets {
  const key = JSON.stringify(targets);
  const before = known.get(key);
  if (before !== undefined) return before;
  known.set(key, targets);
  return targets;
}

function requirements(
  { gainDb, overlap, priority }: Schedule,
  { kind }: ClearedContent,
  prelude: boolean,
  count: number,
): Capability[] {
  const needs: Capability[] = ['order:play', kind === 'relay' ? 'content:relay' : 'content:file'];
  if (count > 1) needs.push('repeat');
  if (gainDb !== 0) needs.push('gain');
  if (prelude) needs.push('prelude');
  if (overlap === 'duck' && priority === 'priority') needs.push('duck');
  return needs;
}

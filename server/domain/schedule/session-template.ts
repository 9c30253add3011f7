import type { Milliseconds } from '#kit';
import { type Capability, type PlayOrder, repetitionMs } from '#protocols';
import type { Announcement } from '../announcements/announcement.ts';
import {
  builtInPrelude,
  type ClearedContent,
  type ClearedPrelude,
  type ClearedTargets,
  type Clearing,
  clear,
} from '../announcements/clearance.ts';
import { namesOf } from '../areas/area-names.ts';
import { airTimeMs } from '../broadcasts/plan-broadcast.ts';
import type { ProgrammeItem, Schedule } from './schedule.ts';
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
}

const templates = new WeakMap<SlotFacts, WeakMap<Schedule, SessionTemplate>>();

/** The session of a schedule, worked out once for each picture of the facts. */
export function templateOf(schedule: Schedule, facts: SlotFacts): SessionTemplate {
  const known = templates.get(facts)?.get(schedule);
  if (known !== undefined) return known;
  const made = makeTemplate(schedule, facts);
  const bySchedule = templates.get(facts) ?? new WeakMap<Schedule, SessionTemplate>();
  templates.set(facts, bySchedule.set(schedule, made));
  return made;
}

function makeTemplate(schedule: Schedule, facts: SlotFacts): SessionTemplate {
  const { content } = schedule;
  const programme = content.kind === 'programme' ? facts.programmes.get(content.programmeId) : undefined;
  if (content.kind === 'programme' && programme === undefined) {
    const refusal: Refusal = {
      code: 'request.not_found',
      params: { what: 'programme', id: content.programmeId },
    };
    const { title } = schedule;
    return {
      items: [],
      silent: [{ key: content.programmeId, position: 0, announcementId: null, title, refusal, missing: [] }],
      lengthMs: 0,
    };
  }
  const wanted: readonly ProgrammeItem[] =
    content.kind === 'announcement'
      ? [{ announcementId: content.announcementId, gapMs: 0, repeat: 1 }]
      : (programme?.items ?? []);
  const items: SessionItem[] = [];
  const silent: SilentItem[] = [];
  const seen = new Map<string, number>();
  const places = new Map<string, ClearedTargets>();
  let [offsetMs, lengthMs] = [0, 0];
  for (const [position, item] of wanted.entries()) {
    const { announcementId, gapMs } = item;
    const equals = seen.get(announcementId) ?? 0;
    seen.set(announcementId, equals + 1);
    const key = `${announcementId}#${equals}`;
    const announcement = facts.announcements.get(announcementId);
    const title = announcement?.title ?? '';
    const found = clearingOf(announcementId, announcement, schedule, facts);
    if ('refusal' in found) {
      silent.push({ key, position, announcementId, title, ...found });
      continue;
    }
    const { content: sound, missing } = found;
    const chime = items.length === 0 ? (programme?.chime ?? null) : null;
    // A stream is of its moment: it is not played twice.
    const repeat =
      sound.kind === 'relay' ? { count: 1, intervalMs: 0 } : { count: item.repeat, intervalMs: gapMs };
    const opening = chime === null ? null : builtInPrelude(chime);
    const prelude = opening === null ? [] : [opening];
    const airMs = airTimeMs(repetitionMs({ content: sound, prelude }), repeat);
    items.push({
      key,
      position,
      announcementId,
      title,
      offsetMs,
      airTimeMs: airMs,
      content: sound,
      prelude,
      repeat,
      requires: requirements(schedule, sound, opening !== null, repeat.count),
      targets: once(found.targets, places),
      missing,
    });
    lengthMs = offsetMs + airMs;
    offsetMs = lengthMs + gapMs;
  }
  return { items, silent, lengthMs };
}

/** What an announcement sounds like on the air, and where, or why it does not sound. */
function clearingOf(
  announcementId: string,
  announcement: Announcement | undefined,
  { targets }: Schedule,
  { media, territory }: SlotFacts,
): Clearing | Pick<SilentItem, 'refusal' | 'missing'> {
  if (announcement === undefined)
    return silence({ code: 'request.not_found', params: { what: 'announcement', id: announcementId } });
  const { mediaSha256 } = announcement;
  const medium = mediaSha256 === null ? null : media.get(mediaSha256);
  const sound = clear(announcement, medium, { targets, territory });
  if ('content' in sound) return sound;
  const { unclear, missing } = sound;
  switch (unclear) {
    case 'not_stored':
      return silence({ code: 'media.not_stored', params: { sha256: mediaSha256 } });
    case 'not_approved':
    case 'changed':
    case 'no_audio':
      return silence({ code: 'schedule.not_approved', params: { announcementId } }, missing);
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

import { isDeepStrictEqual } from 'node:util';
import type { Milliseconds } from '#kit';
import {
  BUILT_IN_DURATIONS_MS,
  type FileContent,
  type PlayOrder,
  type RelayContent,
  type StoredContent,
  type StoredMessage,
  type Targets,
  targetsInclude,
} from '#protocols';
import type { Territory } from '../areas/territory.ts';
import type { Medium } from '../media/medium.ts';
import { mediumContent } from '../media/medium-content.ts';
import type { Announcement } from './announcement.ts';
import { type Allowance, allowanceOf, type Leave, narrow } from './approval-areas.ts';
import { approvalHash, isApproved } from './approval-hash.ts';
import { isFor, type StandingGrant } from './standing-approval.ts';

declare const CLEARED: unique symbol;

/** What may sound. Only this file makes any, and whatever is signed takes nothing else: nothing unapproved becomes an order. */
export type Cleared<Sound> = Sound & { readonly [CLEARED]: true };
export type ClearedContent = Cleared<FileContent | RelayContent>;
export type ClearedPrelude = Cleared<PlayOrder['prelude'][number]>;
export type ClearedMessage = Cleared<StoredMessage>;

/** Where it may: a part of what was asked for, in which somebody approved it. */
export type ClearedTargets = Cleared<Targets>;

/** An order's sounds, all of them cleared. */
export interface ClearedSounds {
  readonly content: ClearedContent | Cleared<StoredContent>;
  readonly prelude: ClearedPrelude[];
}

/** What a file is to an order. */
type MediumFacts = Pick<Medium, 'sha256' | 'bytes' | 'durationMs' | 'chunkListSha256'>;

/**
 * Why it may not: never approved or not any more; approved was something else; its file is not here; it has no sound; nobody approved it for
 * any of these targets; what is approved lies in more parts than an order names.
 */
export type Unclear = 'not_approved' | 'changed' | 'not_stored' | 'no_audio' | 'not_here' | 'scattered';

/** By whose word something sounds. */
export type ClearedBy =
  | { readonly kind: 'approval'; readonly sha256: string }
  /** `sha256`: the `approvalHash` of what it was then; none in what was kept before that was noted. */
  | { readonly kind: 'standing'; readonly id: string; readonly sha256?: string }
  | { readonly kind: 'emergency'; readonly id: string };

/** Who is to hear it. */
export interface Place {
  readonly targets: Targets;
  readonly territory: Territory;
  /** What covers the occurrence of a series that it is for; nothing by default. */
  readonly standing?: readonly StandingGrant[];
}

/** What sounds, where, and by whose word. */
export interface Clearing {
  readonly content: ClearedContent;
  /** The targets asked for, as the same object, where nothing is missing. */
  readonly targets: ClearedTargets;
  readonly by: readonly ClearedBy[];
  /** Areas of the targets in which nobody approved it: it does not sound there. */
  readonly missing: readonly string[];
}

export interface Unclearing {
  readonly unclear: Unclear;
  readonly missing: readonly string[];
}

/** An order names no more areas, and leaves out no more. */
const MOST_PARTS = 64;

/**
 * What an announcement sounds like on the air, and where, or why it may not. `medium`: what its `mediaSha256` names, of a relay the fallback.
 * The one place that lets an announcement into orders, plans and stored messages.
 */
export function clear(
  announcement: Announcement,
  medium: MediumFacts | null | undefined,
  { targets, territory, standing = [] }: Place,
): Clearing | Unclearing {
  const { leaves, closed, by, unclear } = leavesFor(announcement, medium, territory, standing);
  if (unclear === 'not_approved' || unclear === 'changed')
    return { unclear, missing: narrow(targets, { leaves: [], closed: [] }, territory).missing };
  const sound = soundOf(announcement, medium);
  if (typeof sound === 'string') return { unclear: sound, missing: [] };
  const here = narrow(targets, { leaves, closed }, territory);
  const { missing } = here;
  if (here.targets === null) return { unclear: 'not_here', missing };
  const { areas, excludeAreas } = here.targets;
  if (here.targets !== targets && Math.max(areas.length, excludeAreas.length) > MOST_PARTS)
    return { unclear: 'scattered', missing };
  return { content: cleared(sound), targets: cleared(here.targets), by, missing };
}

/** Whose word an emergency goes out by, of exactly what. */
export interface EmergencyLeave {
  readonly id: string;
  readonly sha256: string;
  readonly kind: 'leader' | 'two_persons' | 'break_glass';
  /** One person, or two different ones. */
  readonly by: readonly string[];
  /** Why one was enough, where the glass was broken. */
  readonly reason: string | null;
}

/**
 * The same for an emergency that people stand for without an approval: of exactly what they named, everywhere that it is for but where a leader said no to
 * it. What was sent back or withdrawn is nobody's to send out.
 */
export function clearEmergency(
  announcement: Announcement,
  medium: MediumFacts | null | undefined,
  { targets, territory }: Place,
  leave: EmergencyLeave,
): Clearing | Unclearing {
  const { priority, state } = announcement;
  const persons = new Set(leave.by).size;
  const stands = {
    leader: persons === 1,
    two_persons: persons === 2,
    break_glass: persons === 1 && leave.reason !== null && leave.reason.trim() !== '',
  }[leave.kind];
  if (!stands || priority !== 'emergency' || state === 'rejected' || state === 'withdrawn')
    return { unclear: 'not_approved', missing: [] };
  const sound = soundOf(announcement, medium);
  if (typeof sound === 'string') return { unclear: sound, missing: [] };
  if (approvalHash(announcement) !== leave.sha256) return { unclear: 'changed', missing: [] };
  const { tree } = territory;
  const everywhere = [...tree.ids()].filter((id) => tree.get(id).parentId === null);
  const { closed } = allowanceOf(announcement);
  const here = narrow(targets, { leaves: [{ areas: everywhere, except: [] }], closed }, territory);
  const { missing } = here;
  if (here.targets === null) return { unclear: 'not_here', missing };
  if (here.targets !== targets && here.targets.excludeAreas.length > MOST_PARTS)
    return { unclear: 'scattered', missing };
  const by: ClearedBy[] = [{ kind: 'emergency', id: leave.id }];
  return { content: cleared(sound), targets: cleared(here.targets), by, missing };
}

/** Whose word an announcement has, and where that holds; or why it has nobody's. */
function leavesFor(
  announcement: Announcement,
  medium: MediumFacts | null | undefined,
  territory: Territory,
  standing: readonly StandingGrant[],
): Allowance & { readonly by: readonly ClearedBy[]; readonly unclear: Unclear | null } {
  const { state, approvedSha256 } = announcement;
  const single = allowanceOf(announcement);
  const sound = soundOf(announcement, medium);
  const grants =
    typeof sound === 'string'
      ? []
      : standing.filter((one) => isFor(one, announcement, sound.durationMs, territory));
  const approved = approvedSha256 !== null && isApproved(announcement);
  const leaves = grants.map(({ areas, exceptAreas }): Leave => ({ areas, except: exceptAreas }));
  const sha256 = approvalHash(announcement);
  const by = grants.map(({ id }): ClearedBy => {
    return { kind: 'standing', id, ...(sha256 === null ? {} : { sha256 }) };
  });
  if (approved)
    return {
      leaves: [...single.leaves, ...leaves],
      closed: single.closed,
      by: [{ kind: 'approval', sha256: approvedSha256 }, ...by],
      unclear: null,
    };
  const asked = state === 'approved' && approvedSha256 !== null;
  const unclear =
    leaves.length > 0 ? null : !asked ? 'not_approved' : sound === 'no_audio' ? sound : 'changed';
  return { leaves, closed: single.closed, by, unclear };
}

/** What it sounds like, whoever has approved it: of no use to whatever is signed. */
export function soundOf(
  announcement: Announcement,
  medium: MediumFacts | null | undefined,
): FileContent | RelayContent | 'no_audio' | 'not_stored' {
  const { mediaSha256, stream } = announcement;
  if (approvalHash(announcement) === null) return 'no_audio';
  if (mediaSha256 !== null && medium?.sha256 !== mediaSha256) return 'not_stored';
  const file = mediaSha256 === null || !medium ? null : mediumContent(medium);
  if (stream === null) return file ?? 'no_audio';
  const { url, station, durationMs } = stream;
  return { kind: 'relay', url, station, durationMs, fallback: file };
}

/** The message that loudspeakers keep; null for what they may not, not everywhere, or are not to keep. */
export function clearMessage(
  announcement: Announcement,
  medium: MediumFacts | null,
  place: Place,
): ClearedMessage | null {
  const sound = clear(announcement, medium, place);
  if (!announcement.stored || !('content' in sound) || sound.content.kind !== 'file') return null;
  if (sound.targets !== place.targets) return null;
  const { id: name, title } = announcement;
  return cleared({ name, title, content: sound.content });
}

/** The same message as what sounds before something else. */
export function asPrelude({ name, content }: ClearedMessage): ClearedPrelude {
  return cleared({ name, durationMs: content.durationMs, file: content });
}

/** A built-in sound before the content (tones, the notice of an exercise): every loudspeaker makes it, and it says nothing that needs an approval. */
export function builtInPrelude(name: string): ClearedPrelude | null {
  return isBuiltIn(name) ? cleared({ name }) : null;
}

/** A built-in sound by itself, as a technician's test. Needs no approval, as above, wherever it sounds. */
export function clearBuiltIn(
  name: keyof typeof BUILT_IN_DURATIONS_MS,
  durationMs: Milliseconds,
  targets: Targets,
): { readonly content: Cleared<StoredContent>; readonly targets: ClearedTargets } {
  return { content: cleared({ kind: 'stored', name, durationMs }), targets: cleared(targets) };
}

/** A planned order, all of it cleared. */
export type ClearedOrder<Order> = Omit<Order, keyof ClearedSounds | 'targets'> &
  ClearedSounds & { readonly targets: ClearedTargets };

/** An order of a plan line that was signed before, if what it names would be cleared the same now, everywhere that it is for; null when not. */
export function clearAgain<Order extends Pick<PlayOrder, 'content' | 'prelude' | 'targets'>>(
  order: Order,
  announcement: Announcement,
  medium: MediumFacts | null | undefined,
  territory: Territory,
  standing: readonly StandingGrant[] = [],
): { readonly order: ClearedOrder<Order>; readonly by: readonly ClearedBy[] } | null {
  const sound = clear(announcement, medium, { targets: order.targets, territory, standing });
  if (!('content' in sound) || !isDeepStrictEqual(order.content, sound.content)) return null;
  // All of it: a part would be another order.
  if (sound.targets !== order.targets) return null;
  const prelude = order.prelude.flatMap(({ name }) => builtInPrelude(name) ?? []);
  if (prelude.length < order.prelude.length) return null;
  return { order: { ...order, content: sound.content, prelude, targets: sound.targets }, by: sound.by };
}

/** Targets that mean some of whom the cleared ones mean, and nobody else. Throws for any others: that would be a defect. */
export function partOf(
  whole: ClearedTargets,
  part: Targets,
  { tree, areaOfSpeaker }: Territory,
): ClearedTargets {
  const means = (areaId: string) => tree.ancestry(areaId).some((id) => whole.areas.includes(id));
  const areas = part.areas.every((id) => !tree.has(id) || means(id));
  const excluded =
    part.areas.length === 0 ||
    whole.excludeAreas.every((id) => !tree.has(id) || part.excludeAreas.includes(id));
  const speakers = part.speakers.every((id) => {
    const areaId = areaOfSpeaker(id);
    return areaId === undefined || targetsInclude(whole, id, tree.ancestry(areaId));
  });
  if (!areas || !excluded || !speakers) throw new Error('targets that were not cleared');
  return cleared(part);
}

function isBuiltIn(name: string): name is keyof typeof BUILT_IN_DURATIONS_MS {
  return Object.hasOwn(BUILT_IN_DURATIONS_MS, name);
}

/** The mark is in the types alone: what is signed has no member more. */
function cleared<Sound>(sound: Sound): Cleared<Sound> {
  return sound as Cleared<Sound>;
}

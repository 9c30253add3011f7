import type { AreaTree } from '../areas/area.ts';
import { outermost } from '../areas/outermost.ts';
import type { Territory } from '../areas/territory.ts';
import type { Announcement, Decision, Refusal } from './announcement.ts';
import { type Allowance, meantAreas, missingIn, overlap, within } from './approval-areas.ts';

/**
 * What is left of the decisions once the announcement is changed or handed in again: every "no", each of them `carried`, also one that a "yes" was in place of,
 * for that was to what it said then. So nothing but somebody's "yes" to what it is now ends a "no".
 */
export function carriedOn(announcement: Announcement): Decision[] {
  const { decisions, state, areaId, rejectedReason: reason, updatedAt: at } = announcement;
  const noes = decisions.flatMap(({ inPlaceOf, ...one }): Decision[] => {
    if (one.verdict !== 'approved') return [{ ...one, carried: true }];
    return inPlaceOf === undefined ? [] : [{ areaId: one.areaId, ...inPlaceOf, carried: true }];
  });
  // Sent back before there were decisions.
  if (state === 'rejected' && noes.length === 0)
    return [{ areaId, verdict: 'rejected', by: 'unknown', as: null, at, reason, carried: true }];
  return noes;
}

/** The decisions with these, each in place of what was said in its area. */
export function withDecisions(
  { decisions }: Pick<Announcement, 'decisions'>,
  made: readonly Decision[],
): Decision[] {
  const others = decisions.filter(({ areaId }) => !made.some((one) => one.areaId === areaId));
  return [
    ...others,
    ...made.map((one) => {
      const inPlaceOf = one.verdict === 'approved' ? refusalOf(decisions, one.areaId) : undefined;
      return inPlaceOf === undefined ? one : { ...one, inPlaceOf };
    }),
  ];
}

/** Where nobody has said yes or no to what it is now, the widest such areas; what somebody refused before is among them until he, or who else answers there, says so again. */
export function openIn(announcement: Announcement, territory: Territory): readonly string[] {
  const { meant, allowance, carried } = saidTo(announcement, territory.tree);
  return outermost([...missingIn(meant, allowance, territory), ...carried], territory.tree);
}

/** What is meant, what of it somebody has answered about as it is now, whatever he said, and where a "no" to what it was before is open. */
export function saidTo(
  announcement: Announcement,
  tree: AreaTree,
): { readonly meant: readonly string[]; readonly allowance: Allowance; readonly carried: readonly string[] } {
  const { decisions } = announcement;
  const meant = meantAreas(announcement, tree);
  const inUse = (id: string) => tree.has(id) && tree.get(id).retiredAt === null;
  const now = decisions.filter(({ carried }) => carried !== true);
  const refused = now.filter(({ verdict }) => verdict !== 'approved').map(({ areaId }) => areaId);
  const carried = decisions
    .filter((one) => one.carried === true && inUse(one.areaId))
    .map(({ areaId }) => areaId)
    .filter((id) => meant.some((one) => overlap(one, id, { tree })))
    .filter((id) => !refused.some((one) => within(id, one, { tree })));
  const leaves = [{ areas: now.map(({ areaId }) => areaId), except: [] }];
  return { meant, allowance: { leaves, closed: carried }, carried };
}

/** The "no" that was said in an area, also one that a "yes" is in place of. */
export function refusalOf(decisions: readonly Decision[], areaId: string): Refusal | undefined {
  const before = decisions.find((one) => one.areaId === areaId);
  if (before === undefined || before.verdict === 'approved') return before?.inPlaceOf;
  const { verdict, by, as, at, reason } = before;
  return { verdict, by, as, at, reason };
}

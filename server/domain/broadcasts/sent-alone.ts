import type { Instant, Milliseconds } from '#kit';
import type { Targets } from '#protocols';
import { isBeyondCommune } from '../areas/commune.ts';
import { areasMeant } from '../areas/meant.ts';
import type { Territory } from '../areas/territory.ts';
import type { Transaction } from '../unit-of-work.ts';

/** What somebody sent out alone counts for so long with what he sends out next. */
export const ALONE_MS: Milliseconds = 15 * 60_000;

/** An emergency that somebody wants to send out. */
export interface Wanted {
  readonly announcementId: string;
  /** Who asks. */
  readonly by: string;
  readonly targets: Targets;
}

/**
 * Whether an emergency is for more than one commune, together with what the same person sent out alone of the same announcement shortly before, whichever way: commune
 * by commune is no way around the second person.
 */
export async function isBeyondAlone(
  tx: Pick<Transaction, 'broadcasts' | 'emergencies'>,
  { announcementId, by, targets }: Wanted,
  territory: Territory,
  now: Instant,
): Promise<boolean> {
  const before = await tx.broadcasts.orderedOf({ announcementId, createdBy: by }, now - ALONE_MS);
  const meant = [...areasMeant(targets, territory)];
  for (const { clearance, targets: sent } of before) {
    const emergency = clearance?.find(({ kind }) => kind === 'emergency');
    const leave = emergency?.kind === 'emergency' ? await tx.emergencies.get(emergency.id) : null;
    // Who confirmed it stood for it with somebody else.
    if (leave === null || leave.decidedBy === null) meant.push(...areasMeant(sent, territory));
  }
  return isBeyondCommune(meant, territory);
}

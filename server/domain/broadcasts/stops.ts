import { DomainError, type PlayRequest, type Priority } from '#protocols';
import type { Actor } from '../accounts/actor.ts';
import type { StoredLatch } from '../latches/latch.ts';
import type { LatchService } from '../latches/latch-service.ts';

/** An order names at most so many stops that it lifts. */
const MOST_RELEASES = 16;

/** What broadcasts need of stops. */
export type Stops = Pick<LatchService, 'book' | 'holding' | 'mayRelease' | 'lift'>;

/**
 * The stops that an emergency lifts where it is to sound, when that is asked for: who set them or may broadcast outside the windows
 * (`mayOverride` throws for who may not) may ask. What is to sound at once and would sound nowhere is refused with `latch.held`.
 */
export function liftedStops(
  stops: Stops,
  actor: Actor,
  request: Pick<PlayRequest, 'releaseLatches' | 'startsAt'>,
  priority: Priority,
  speakerIds: readonly string[],
  mayOverride: () => void,
): string[] {
  const { releaseLatches = false } = request;
  if (releaseLatches && priority !== 'emergency')
    throw new DomainError('request.invalid', {
      reason: 'only an emergency lifts stops',
      field: 'body/releaseLatches',
    });
  if (stops.book.quiet) return [];
  const held = new Map<string, StoredLatch>();
  let silent = 0;
  for (const speakerId of speakerIds) {
    const holding = stops.holding(speakerId);
    if (holding.length > 0) silent += 1;
    for (const latch of holding) held.set(latch.id, latch);
  }
  const latches = [...held.values()];
  if (releaseLatches) {
    if (!latches.every((latch) => stops.mayRelease(actor, latch))) mayOverride();
    return latches.map(({ id }) => id).slice(0, MOST_RELEASES);
  }
  const [first] = latches;
  if (first !== undefined && silent === speakerIds.length && request.startsAt === undefined)
    throw new DomainError('latch.held', {
      scope: first.scope,
      since: new Date(first.setAt).toISOString(),
      by: first.setBy,
    });
  return [];
}

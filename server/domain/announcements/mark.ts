import type { Instant } from '#kit';

/** That somebody is asked about an announcement in an area: in any case, or as far as loudspeakers stand right in it, for of what lies below it some is decided. */
export interface OpenMark {
  readonly areaId: string;
  readonly kind: 'asked' | 'parted';
}

/**
 * In place of an `OpenMark`: all of that area has heard it by a leave as it is, last at this instant. While nothing plans it, nobody is asked there; it is set by
 * and by (`MarkKeeper`), and whatever changes the announcement or the areas around it takes it away.
 */
export interface HeardMark {
  readonly areaId: string;
  readonly kind: 'heard';
  readonly at: Instant;
}

/**
 * Why lists find an announcement in an area: its state, in that of its station and in those that it names; that somebody is asked there, or would be if it had not
 * been heard; or that nobody has looked yet whether somebody is.
 */
export type MarkKind = 'submitted' | 'approved' | OpenMark['kind'] | HeardMark['kind'] | 'unknown';

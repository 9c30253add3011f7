import type { AreaTree } from './area.ts';

/** What had lain in `from` lies in `to` from now on: the same area under others, or the one that took it in. */
export interface Moved {
  readonly from: string;
  readonly to: string;
}

/** A change of the territory. */
export interface Shift {
  /** Areas that lie below another one now, or are in use no more. */
  readonly changed: readonly string[];
  readonly moved: readonly Moved[];
  readonly before: AreaTree;
  readonly after: AreaTree;
}

/** The areas that lay above, or at, what moved and do so no more, the nearest first. */
export function lostAbove({ from, to }: Moved, { before, after }: Shift): readonly string[] {
  const above = after.ancestry(to);
  return before
    .ancestry(from)
    .filter((id) => !above.includes(id))
    .reverse();
}

/** Why an advisory does not reach us, or what we do about it until it is mended. */
export interface Explanation {
  /** Id of the advisory: GHSA-xxxx-xxxx-xxxx. */
  readonly id: string;
  readonly why: string;
  /** Last day (YYYY-MM-DD) on which this is believed without being looked at again. */
  readonly until: string;
}

/** One entry for each advisory that was looked at. An advisory without one fails `npm run audit`. */
export const EXPLANATIONS: readonly Explanation[] = [];

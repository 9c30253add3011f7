/** Something that must not be. */
export interface Finding {
  readonly kind: 'lost' | 'doubled' | 'offWindow' | 'missingWrites';
  /** The call that asked for the broadcast, or whose write is missing. */
  readonly call: string;
  readonly broadcastId: string | null;
  readonly speaker: string | null;
  readonly detail: string;
}

/** The last line of a run. */
export interface Summary {
  readonly faults: number;
  readonly broadcasts: number;
  readonly deliveries: number;
  readonly playable: number;
  readonly played: number;
  readonly lost: number;
  readonly doubled: number;
  readonly offWindow: number;
  readonly missingWrites: number;
  readonly seed: number;
}

export interface Verdict {
  readonly summary: Summary;
  readonly findings: readonly Finding[];
  /** Why the run proves nothing; null: it is valid. */
  readonly invalid: string | null;
  /** How often which reason made a delivery unplayable. */
  readonly excuses: Readonly<Record<string, number>>;
}

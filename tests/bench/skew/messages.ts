import type { Provisioning } from '#protocols';

/** What the bench sends an agent's process, once. */
export interface AgentOrder {
  readonly provisioning: Provisioning;
  readonly dataFolder: string;
  /** Unix socket on which the observer listens for this agent's sound. */
  readonly socket: string;
  readonly logFile: string;
  /** How wrong this machine's clock is. */
  readonly wallOffsetMs: number;
  readonly ppm: number;
}

/** What an agent's process tells after each exchange of time. */
export interface AgentNews {
  /** Exchanges that went into the estimate so far. */
  readonly used: number;
  /** What the agent holds for the time, less the machine's true time. */
  readonly clockErrorMs: number;
  readonly boundMs: number;
}

/** What the bench asks of the observer. */
export type ObserverCommand =
  | { readonly kind: 'listen'; readonly sockets: readonly string[] }
  /** Forget all sound that has come so far. */
  | { readonly kind: 'clear' }
  /** Find the content in what each socket got. */
  | { readonly kind: 'measure'; readonly prepared: string };

export type ObserverReply =
  | { readonly kind: 'done' }
  /** `lateMs`: how long the observer itself was kept waiting at most. */
  | { readonly kind: 'measured'; readonly heard: readonly HeardStart[]; readonly lateMs: number }
  | { readonly kind: 'failed'; readonly reason: string };

/** The content as it came through one socket. Instants are the observer's true UTC. */
export interface HeardStart {
  /** When the first frame of the content came; null when the content was not recognised. */
  readonly startedAt: number | null;
  /** The same by the pace of the whole stream: without the moments for which single blocks were held up. */
  readonly pacedAt: number | null;
  /** How much later than at the start the content was at its end, by pace. */
  readonly driftMs: number | null;
}

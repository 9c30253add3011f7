import type { Clock } from '#kit';
import type { Progress, Provisioning } from '#protocols';
import type { ContentCache } from './cache/content-cache.ts';
import type { ReferenceClock, SamplingPolicy, SystemClockSetter } from './clock/index.ts';
import type { SystemFacts } from './health/system-facts.ts';
import type { HomeInForce } from './home/home-file.ts';
import type { ClientCertificate } from './link/endpoints.ts';
import type { Log } from './log.ts';
import type { Output } from './outputs/index.ts';
import type { Decoder } from './playback/index.ts';

/** What an agent is made of. Everything that a simulator or a test may want otherwise is given from outside. */
export interface AgentOptions {
  readonly dataFolder: string;
  readonly provisioning: Provisioning;
  /** Where it belongs by now; left out: where it was enrolled, and no document moves it. */
  readonly home?: {
    readonly inForce: HomeInForce;
    /** It belongs to another controller now: this agent is to be stopped, and one of the new home started. */
    readonly onMoved: () => void;
  };
  /** Shown to a controller that asks for one. */
  readonly clientCertificate?: ClientCertificate;
  /** Its `monotonic` is boot time. */
  readonly clock: Clock;
  readonly bootId: string;
  readonly output: Output;
  readonly decoder: Decoder;
  readonly reference: ReferenceClock;
  readonly systemClock: SystemClockSetter;
  readonly log: Log;
  /** Most that the audio cache may take; not used when `cache` is given. */
  readonly cacheBytes: number;
  /** A cache that several agents of one process share, started and stopped by whoever made it. */
  readonly cache?: ContentCache;
  readonly cacheRetry?: { readonly baseMs: number; readonly maxMs: number };
  /** Bytes of audio fetched ahead in one day; 0 or left out: no limit. */
  readonly dataBudgetBytes?: number;
  readonly sampling?: Partial<SamplingPolicy>;
  readonly segmentBytes?: number;
  /** 1 s, durably, unless a simulator says otherwise. */
  readonly position?: { readonly everyMs: number; readonly durable: boolean };
  readonly systemFacts?: () => Promise<SystemFacts>;
  /** In [0, 1). */
  readonly random?: () => number;
  /** Every progress message, whether the controller can be told or not. */
  readonly onProgress?: (progress: Progress) => void;
}

import type { Clock } from '#kit';
import { type ErrorCode, type Health, type HeldScoped, heldHash } from '#protocols';
import type { Downloads } from '../cache/downloads.ts';
import type { TimeKeeper } from '../clock/index.ts';
import { factTime } from '../journal/fact-time.ts';
import type { Journal } from '../journal/journal.ts';
import { heldAssignment } from '../link/hello-of.ts';
import type { Output, OutputProbe } from '../outputs/index.ts';
import type { PlanKeeper } from '../plan/plan-keeper.ts';
import type { PlaybackControl } from '../runner/playback-control.ts';
import type { AssignmentStore } from '../state/assignment-store.ts';
import type { SessionEpoch } from '../state/session-epoch.ts';
import { AGENT_VERSION } from '../version.ts';
import { problemsOf } from './health-reporter.ts';
import type { SystemFacts } from './system-facts.ts';

/** What health tells of. */
export interface HealthSources {
  readonly clock: Clock;
  readonly output: Output;
  readonly systemFacts: () => Promise<SystemFacts>;
  readonly keeper: TimeKeeper;
  readonly control: PlaybackControl;
  readonly plan: PlanKeeper;
  readonly assignments: AssignmentStore;
  readonly journal: Journal;
  readonly downloads: Pick<Downloads, 'spent'>;
  readonly sessionEpoch: SessionEpoch;
  /** Nothing is being played: the output may be probed. */
  readonly idle: () => boolean;
  /** Plan heads in force, and latches. */
  readonly held: () => readonly HeldScoped[];
}

/** Gathers health reports of one loudspeaker. */
export class HealthCollector {
  readonly #sources: HealthSources;
  readonly #startedAtMs: number;
  #probe: OutputProbe | undefined;

  /** Its uptime counts from now on. */
  constructor(sources: HealthSources) {
    this.#sources = sources;
    this.#startedAtMs = sources.clock.monotonic();
  }

  /** The whole report of this moment. */
  async collect(): Promise<Health> {
    const { clock, output, keeper, control, assignments, journal, sessionEpoch, idle, held } = this.#sources;
    // Probing a device that is in use would say that it is busy.
    if (idle() || this.#probe === undefined) this.#probe = await output.probe();
    const probe = this.#probe;
    const facts = await this.#sources.systemFacts();
    const { at } = factTime(keeper.time);
    const known = keeper.health();
    return {
      v: 1,
      sessionEpoch: Math.max(1, sessionEpoch.current),
      at,
      agentVersion: AGENT_VERSION,
      uptimeSeconds: Math.round((clock.monotonic() - this.#startedAtMs) / 1000),
      ...facts,
      output: { kind: output.kind, ok: probe.ok, detail: probe.detail.slice(0, 256) },
      clock: { trust: known.trust, offsetMs: known.wallErrorMs, boundMs: known.errorBoundMs },
      playing: control.playing,
      assignment: heldAssignment(assignments),
      held: heldHash(held()),
      journal: journal.status,
      problems: problemsOf({
        outputOk: probe.ok,
        outputCode: 'output.missing',
        freeBytes: facts.disk.freeBytes,
        journalOk: journal.failure === undefined,
        clockTrusted: known.trust === 'trusted',
        troubles: [...control.troubles, ...this.#planTroubles(known.trust === 'trusted')],
      }),
    };
  }

  #planTroubles(trusted: boolean): ErrorCode[] {
    const { plan, keeper, downloads } = this.#sources;
    const { validUntil } = plan;
    const expired = trusted && validUntil !== undefined && validUntil <= keeper.time.now().instant;
    return [
      ...plan.troubles,
      ...(expired ? (['plan.expired'] as const) : []),
      ...(downloads.spent ? (['cache.budget_spent'] as const) : []),
    ];
  }
}

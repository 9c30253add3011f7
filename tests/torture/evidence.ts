import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fault, TorturePlan } from './plan.ts';
import type { Sounding } from './soundings.ts';

/** An announcement that was made for the run, with its own sound. */
export interface RunContent {
  /** The number that its sound tells. */
  readonly number: number;
  readonly announcementId: string;
  readonly durationMs: number;
  readonly priority: 'normal' | 'emergency';
}

/** A programme that was put together for the run. */
export interface RunProgramme {
  readonly id: string;
  /** Numbers of its announcements, in their order. */
  readonly contents: readonly number[];
}

/** What a run was: everything that is known before the first fault. Instants are the tester's clock, ms since 1970. */
export interface RunFacts {
  readonly plan: TorturePlan;
  readonly startedAt: number;
  readonly speakers: readonly string[];
  readonly contents: readonly RunContent[];
  readonly programmes: readonly RunProgramme[];
}

/** What the tester did to whom, as it really happened. `until` is when it was over and the target was up again. */
export interface FaultRecord {
  readonly number: number;
  readonly kind: Fault['kind'];
  readonly target: string;
  readonly at: number;
  readonly until: number;
  /** Why it could not be done on this machine; null: it was done. */
  readonly skipped: string | null;
  readonly detail: string;
}

/** One airing as asked for: what must sound where and when, by the request alone. */
export interface AiringAsked {
  readonly content: number;
  readonly speakers: readonly string[];
  readonly startsAt: number;
  readonly latenessMs: number;
}

/** What a request means to the judge. */
export type CallMeaning =
  | { readonly kind: 'air'; readonly airings: readonly AiringAsked[] }
  /** Takes the airings of an earlier call back. */
  | { readonly kind: 'revoke'; readonly of: string }
  /** Silence at these speakers, until the call named by `silence` as `of` lifts it. */
  | { readonly kind: 'silence'; readonly by: 'mute' | 'latch'; readonly speakers: readonly string[] }
  | { readonly kind: 'unsilence'; readonly of: string };

/** One request: written before it is sent and again after each answer. */
export interface CallRecord {
  readonly call: string;
  readonly phase: 'before' | 'after';
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly meaning: CallMeaning;
  /** After: the status, or null when no answer came. */
  readonly status?: number | null;
  readonly answer?: unknown;
}

/** A delivery as the controller shows it at the end. */
export interface FinalDelivery {
  readonly speakerId: string;
  readonly state: string;
  readonly played: boolean;
  readonly code: string | null;
  readonly flags: readonly string[];
  readonly plays: readonly {
    readonly play: number;
    readonly state: string;
    readonly startedAt: number | null;
    readonly fromMs: number;
    readonly toMs: number | null;
    readonly uncertaintyMs: number;
  }[];
}

export interface FinalBroadcast {
  readonly id: string;
  /** Null: of a programme. */
  readonly announcementId: string | null;
  readonly state: string;
  readonly startsAt: number;
  readonly latestStartAt: number;
  readonly hardEndAt: number;
  readonly deliveries: readonly FinalDelivery[];
}

/** What the controller says when everything has settled. */
export interface FinalState {
  readonly settledAt: number;
  /** Null: it settled; else what was still missing. */
  readonly unsettled: string | null;
  readonly broadcasts: readonly FinalBroadcast[];
  /** Speakers with whether they are muted. */
  readonly muted: Readonly<Record<string, boolean>>;
  /** Schedules that are there and not deleted. */
  readonly schedules: readonly string[];
  /** Latches in force, by scope "kind.id". */
  readonly latched: readonly string[];
}

/** On the wire, as the tester's own proxy saw it: a new connection of a loudspeaker got the controller's first word. */
export interface LinkRecord {
  readonly speaker: string;
  readonly at: number;
}

/** The machine was too busy: a loudspeaker's program waited so long for a processor between these instants. */
export interface BusyRecord {
  readonly speaker: string;
  readonly at: number;
  readonly until: number;
  readonly waitedMs: number;
}

/** Everything that the judge looks at. */
export interface Evidence {
  readonly facts: RunFacts;
  readonly faults: readonly FaultRecord[];
  readonly links: readonly LinkRecord[];
  readonly busy: readonly BusyRecord[];
  readonly calls: readonly CallRecord[];
  readonly soundings: readonly Sounding[];
  readonly final: FinalState;
}

const FILES = {
  facts: 'run.json',
  faults: 'faults.ndjson',
  links: 'links.ndjson',
  busy: 'busy.ndjson',
  calls: 'calls.ndjson',
  soundings: 'soundings.ndjson',
  final: 'final.json',
} as const;

/** The folder of one run: append-only logs, on the disk before the tester goes on. */
export class EvidenceFolder {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  get pcm(): string {
    return join(this.folder, 'pcm');
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  writeFacts(facts: RunFacts): void {
    writeFileSync(this.path(FILES.facts), JSON.stringify(facts));
  }

  writeFinal(final: FinalState): void {
    writeFileSync(this.path(FILES.final), JSON.stringify(final));
  }

  addFault(fault: FaultRecord): void {
    appendFileSync(this.path(FILES.faults), `${JSON.stringify(fault)}\n`);
  }

  addLink(link: LinkRecord): void {
    appendFileSync(this.path(FILES.links), `${JSON.stringify(link)}\n`);
  }

  addBusy(busy: BusyRecord): void {
    appendFileSync(this.path(FILES.busy), `${JSON.stringify(busy)}\n`);
  }

  addCall(call: CallRecord): void {
    appendFileSync(this.path(FILES.calls), `${JSON.stringify(call)}\n`);
  }

  writeSoundings(soundings: readonly Sounding[]): void {
    writeFileSync(
      this.path(FILES.soundings),
      soundings.map((sounding) => `${JSON.stringify(sounding)}\n`).join(''),
    );
  }

  /** The recordings of a speaker, oldest first: paths without their endings. */
  recordings(speaker: string): string[] {
    const folder = join(this.pcm, speaker);
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((name) => name.endsWith('.s16'))
      .sort()
      .map((name) => join(folder, name.slice(0, -4)));
  }

  calls(): CallRecord[] {
    return this.#lines(FILES.calls);
  }

  /** Everything, of a run that is over. */
  read(): Evidence {
    return {
      facts: this.#json<RunFacts>(FILES.facts),
      faults: this.#lines<FaultRecord>(FILES.faults),
      links: this.#lines<LinkRecord>(FILES.links),
      busy: this.#lines<BusyRecord>(FILES.busy),
      calls: this.calls(),
      soundings: this.#lines<Sounding>(FILES.soundings),
      final: this.#json<FinalState>(FILES.final),
    };
  }

  #json<Value>(name: string): Value {
    return JSON.parse(readFileSync(this.path(name), 'utf8')) as Value;
  }

  #lines<Value>(name: string): Value[] {
    if (!existsSync(this.path(name))) return [];
    return readFileSync(this.path(name), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Value);
  }
}

import { readFileSync } from 'node:fs';
import type { EvidenceFolder } from './evidence.ts';
import type { Member } from './scene.ts';

const EVERY_MS = 250;
/** Waiting for a processor this much of a look is worth a note. */
const NOTED_MS = 60;

/**
 * Writes down when a loudspeaker's program could not run because the machine was too busy, by the kernel's own account of
 * how long it waited for a processor. Where the kernel keeps none (it is Linux's), nothing is written.
 */
export class LoadWatch {
  readonly #members: readonly Member[];
  readonly #evidence: EvidenceFolder;
  readonly #last = new Map<string, { readonly pid: number; readonly waitedMs: number }>();
  #timer: NodeJS.Timeout | undefined;
  #at = 0;

  constructor(members: readonly Member[], evidence: EvidenceFolder) {
    this.#members = members;
    this.#evidence = evidence;
  }

  start(): void {
    this.#at = Date.now();
    this.#timer = setInterval(() => this.#look(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const from = this.#at;
    this.#at = Date.now();
    for (const { id: speaker, agent } of this.#members) {
      const { pid } = agent;
      const waitedMs = waitedBy(pid);
      const last = this.#last.get(speaker);
      if (waitedMs === undefined) continue;
      this.#last.set(speaker, { pid, waitedMs });
      const more = last?.pid === pid ? waitedMs - last.waitedMs : 0;
      if (more >= NOTED_MS)
        this.#evidence.addBusy({ speaker, at: from, until: this.#at, waitedMs: Math.round(more) });
    }
  }
}

/** How long a process' main thread has waited for a processor so far; undefined when it is not there. */
function waitedBy(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')[1]) / 1e6;
  } catch {
    // Just killed, or another system.
    return undefined;
  }
}

import { type Hold, holdEnds, holds } from '../documents/assignment.ts';
import type { ErrorCode } from '../errors/index.ts';
import type { LocalRules } from '../policy/local-rules.ts';
import { arbitrate } from './arbitrate.ts';
import { inPlanOrder } from './conflicts.ts';
import { type PlannedItem, soundsMs } from './item.ts';
import { limitsSessions, type SoundedSpan, withSpan } from './sessions.ts';
import { SimulatedItem } from './simulated-item.ts';
import type { Verdict } from './situation.ts';
import type { ItemTimeline } from './timeline.ts';
import { cutCode, PREPARE_MS, timingOf } from './timing.ts';

/** What holds at a loudspeaker for the whole time. */
export interface Holding {
  readonly rules: LocalRules | null;
  readonly mute: Hold | null;
  readonly maintenance: Hold | null;
  /** Ids of the latches that are set. */
  readonly latches: readonly string[];
}

const NO_HISTORY: readonly SoundedSpan[] = [];

/** One attempt under way. */
interface Sounding {
  readonly item: SimulatedItem;
  readonly startsAt: number;
  readonly endsAt: number;
  /** It is cut there, and why. */
  readonly cut: ErrorCode | null;
  readonly over: boolean;
}

/**
 * A loudspeaker in an ideal world: content is here, time is trusted, the journal can be written, nothing fails. `arbitrate` decides all that
 * sounds, as it does on a real one.
 */
export class World {
  readonly #holding: Holding;
  readonly #items: readonly SimulatedItem[];
  /** By planned start: how many of them are awake. Before that `arbitrate` has no use for them. */
  #awake = 0;
  /** Those that are awake and not done. */
  #open: readonly SimulatedItem[] = [];
  #history: readonly SoundedSpan[];
  #current: Sounding | null = null;
  #voice: Sounding | null = null;
  /** History is kept only where it matters. */
  readonly #limited: boolean;
  #now: number;

  constructor(options: {
    readonly holding: Holding;
    readonly items: readonly PlannedItem[];
    readonly from: number;
    readonly history: readonly SoundedSpan[];
  }) {
    const { rules } = options.holding;
    this.#holding = options.holding;
    this.#limited = rules !== null && limitsSessions(rules);
    this.#items = inPlanOrder(options.items).map((planned) => new SimulatedItem(planned));
    this.#now = options.from;
    this.#history = options.history;
  }

  /** Lives until nothing is left to happen. */
  run(): { readonly items: readonly ItemTimeline[]; readonly history: readonly SoundedSpan[] } {
    for (let next: number | null = this.#now; next !== null; next = this.#step()) this.#now = next;
    return { items: this.#items.map((item) => item.timeline()), history: this.#history };
  }

  /** One look at the situation. Gives the instant of the next, which is this one again where something has changed; null: all is over. */
  #step(): number | null {
    const now = this.#now;
    this.#current = this.#ended(this.#current);
    this.#voice = this.#ended(this.#voice);
    this.#wake();
    const verdict = this.#verdict();
    for (const item of this.#open) item.blocked(verdict.blocked.get(item.id), verdict.waitsFor.get(item.id));
    for (const { id, code } of verdict.over) this.#find(id)?.giveUp(code);
    for (const { id, code } of verdict.passed) this.#find(id)?.repetitionPassed(code);
    if (verdict.over.length > 0) this.#open = this.#open.filter(({ done }) => !done);
    if (verdict.stop !== null || verdict.stopVoice !== null) {
      this.#current = this.#stopped(this.#current, verdict.stop, verdict);
      this.#voice = this.#stopped(this.#voice, verdict.stopVoice, verdict);
      return now;
    }
    if (verdict.sound !== null && this.#current === null) {
      this.#current = this.#begun(verdict.sound, false);
      return now;
    }
    if (verdict.voice !== null && this.#voice === null) {
      this.#voice = this.#begun(verdict.voice, true);
      return now;
    }
    return verdict.passed.length > 0 ? now : this.#nextLook(verdict);
  }

  #wake(): void {
    const before = this.#awake;
    while (this.#wakesAt(this.#awake) <= this.#now) this.#awake += 1;
    if (this.#awake > before) this.#open = [...this.#open, ...this.#items.slice(before, this.#awake)];
  }

  #wakesAt(number: number): number {
    const item = this.#items[number];
    return item === undefined ? Number.POSITIVE_INFINITY : item.planned.startsAt - PREPARE_MS;
  }

  #verdict(): Verdict {
    const { rules, latches, mute, maintenance } = this.#holding;
    const now = this.#now;
    return arbitrate({
      now,
      notBefore: now,
      trust: 'trusted',
      muted: holds(mute, now),
      maintenance: holds(maintenance, now),
      holdEnds: holdEnds([mute, maintenance], now),
      latches,
      rules,
      history: this.#limited ? this.#historyNow() : NO_HISTORY,
      journalOk: true,
      items: this.#open.map((item) => item.item),
      current: this.#current?.item.id ?? null,
      voice: this.#voice?.item.id ?? null,
    });
  }

  #begun(id: string, over: boolean): Sounding {
    const item = this.#find(id);
    if (item === undefined) throw new Error(`the verdict names an item that is not there: ${id}`);
    const { beginsAt, endsAt } = timingOf(item.item, { now: this.#now, rules: this.#holding.rules });
    const startsAt = Math.max(this.#now, beginsAt);
    const whole = startsAt + soundsMs(item.item, startsAt);
    const cut = whole <= endsAt ? null : cutCode(item.item, endsAt);
    return { item, startsAt, endsAt: Math.min(whole, endsAt), cut, over };
  }

  /** Nothing, if what sounded has come to its end by now. */
  #ended(sounding: Sounding | null): Sounding | null {
    if (sounding === null || this.#now < sounding.endsAt) return sounding;
    this.#sounded(sounding, sounding.endsAt);
    if (sounding.cut === null) sounding.item.repetitionDone();
    else sounding.item.giveUp(sounding.cut);
    this.#open = this.#open.filter(({ done }) => !done);
    return null;
  }

  #stopped(sounding: Sounding | null, code: ErrorCode | null, { sound }: Verdict): Sounding | null {
    if (sounding === null || code === null) return sounding;
    const { item, startsAt } = sounding;
    const soundedMs = this.#now - startsAt;
    if (soundedMs > 0) {
      this.#sounded(sounding, this.#now);
      item.interrupted(soundedMs, { code, other: sound });
      this.#open = this.#open.filter(({ done }) => !done);
    }
    return null;
  }

  #sounded({ item, startsAt, over }: Sounding, endedAt: number): void {
    if (endedAt <= startsAt) return;
    item.sounded(startsAt, endedAt, over);
    if (item.counts && this.#limited)
      this.#history = withSpan(this.#history, { startedAt: startsAt, endedAt, emergency: item.emergency });
  }

  #historyNow(): readonly SoundedSpan[] {
    let history = this.#history;
    for (const sounding of [this.#current, this.#voice]) {
      if (sounding === null || !sounding.item.counts || sounding.startsAt >= this.#now) continue;
      const { emergency } = sounding.item;
      history = withSpan(history, { startedAt: sounding.startsAt, endedAt: this.#now, emergency });
    }
    return history;
  }

  #nextLook({ nextAt }: Verdict): number | null {
    let next = this.#wakesAt(this.#awake);
    if (this.#open.length > 0)
      for (const at of [nextAt, this.#current?.endsAt, this.#voice?.endsAt])
        if (typeof at === 'number' && at > this.#now && at < next) next = at;
    return next === Number.POSITIVE_INFINITY ? null : next;
  }

  #find(id: string): SimulatedItem | undefined {
    return this.#open.find((item) => item.id === id);
  }
}

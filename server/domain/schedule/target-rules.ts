import type { Instant, Milliseconds } from '#kit';
import type { ErrorCode, ErrorParams, FullPolicy, Targets, Window } from '#protocols';
import type { AreaTree } from '../areas/area.ts';
import { areasMeant } from '../areas/meant.ts';
import { describeWindows, policyOf } from '../policies/policy.ts';
import { windowsAround } from '../policies/windows.ts';
import { localDayNumber } from '../policies/zoned-time.ts';

/** Why something may not sound: a code of the registry and the values of its sentence. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly params: ErrorParams;
}

/** The policy of one or more areas that have the same one. */
export interface AreaRule {
  /** The first of these areas, for messages. */
  readonly areaId: string;
  readonly zone: string;
  readonly policy: FullPolicy;
}

const DAY_MS = 86_400_000;
/** Windows are found by day and kept; the tables are thrown away when they hold so many days. */
const MOST_DAYS = 4_000;

/** The rules of a territory, by who is meant. Made for one tree; what was found is kept. */
export class TargetRules {
  readonly #tree: AreaTree;
  readonly #areaOfSpeaker: (speakerId: string) => string | undefined;
  readonly #areas = new WeakMap<Targets, ReadonlySet<string>>();
  readonly #byTargets = new WeakMap<Targets, readonly AreaRule[]>();
  readonly #byPolicy = new Map<string, AreaRule>();
  readonly #windows = new WeakMap<AreaRule, Map<string, readonly Window[]>>();

  constructor(options: {
    readonly tree: AreaTree;
    readonly areaOfSpeaker: (speakerId: string) => string | undefined;
  }) {
    this.#tree = options.tree;
    this.#areaOfSpeaker = options.areaOfSpeaker;
  }

  /** As `areasMeant`, worked out once for each targets. */
  areasOf(targets: Targets): ReadonlySet<string> {
    const known = this.#areas.get(targets);
    if (known !== undefined) return known;
    const found = areasMeant(targets, { tree: this.#tree, areaOfSpeaker: this.#areaOfSpeaker });
    this.#areas.set(targets, found);
    return found;
  }

  /** The distinct rules that bind a sound for these targets. */
  of(targets: Targets): readonly AreaRule[] {
    const known = this.#byTargets.get(targets);
    if (known !== undefined) return known;
    const rules = new Set([...this.areasOf(targets)].map((areaId) => this.ofArea(areaId)));
    const found = [...rules];
    this.#byTargets.set(targets, found);
    return found;
  }

  /** The rule of one area. */
  ofArea(areaId: string): AreaRule {
    const zone = this.#tree.zoneOf(areaId);
    const text = this.#tree.policyOf(areaId);
    const key = JSON.stringify([zone, text]);
    const known = this.#byPolicy.get(key);
    if (known !== undefined) return known;
    const rule = { areaId, zone, policy: policyOf(text) };
    this.#byPolicy.set(key, rule);
    return rule;
  }

  /**
   * The window that all rules have open for the whole of a session: their intersection; or why there is none, naming an area
   * (`policy.session_too_long`, `policy.outside_window`, `broadcast.no_targets` without any rule).
   */
  window(rules: readonly AreaRule[], startsAt: Instant, lengthMs: Milliseconds): Window | Refusal {
    if (rules.length === 0) return { code: 'broadcast.no_targets', params: {} };
    let [opensAt, closesAt] = [0, Number.MAX_SAFE_INTEGER];
    for (const rule of rules) {
      const { areaId: area, policy, zone } = rule;
      const limit = policy.sessionMinutes;
      if (limit !== null && lengthMs > limit * 60_000)
        return {
          code: 'policy.session_too_long',
          params: { minutes: Math.ceil(lengthMs / 60_000), area, limit },
        };
      const window = this.#windowsAround(rule, startsAt, startsAt + lengthMs).find(
        (one) => one.opensAt <= startsAt && startsAt + lengthMs <= one.closesAt,
      );
      if (window === undefined)
        return {
          code: 'policy.outside_window',
          params: { area, at: new Date(startsAt).toISOString(), zone, windows: describeWindows(policy) },
        };
      opensAt = Math.max(opensAt, window.opensAt);
      closesAt = Math.min(closesAt, window.closesAt);
    }
    return { opensAt, closesAt };
  }

  /** The same for every session that begins on one local day and lasts as many: asking the zone is what takes time. */
  #windowsAround(rule: AreaRule, from: Instant, to: Instant): readonly Window[] {
    const days = Math.ceil((to - from) / DAY_MS);
    const key = `${localDayNumber(rule.zone, from)} ${days}`;
    let byDay = this.#windows.get(rule);
    if (byDay === undefined || byDay.size >= MOST_DAYS) {
      byDay = new Map();
      this.#windows.set(rule, byDay);
    }
    const known = byDay.get(key);
    if (known !== undefined) return known;
    const found = windowsAround(rule.policy, rule.zone, from, to);
    byDay.set(key, found);
    return found;
  }
}

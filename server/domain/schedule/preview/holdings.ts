import type { Holding, LocalRules } from '#protocols';

/** Gives one number to what holds in the same way, so that it is worked out once. */
export class Holdings {
  readonly #rules = new Map<string, LocalRules>();
  readonly #rulesIds = new Map<LocalRules, number>();
  readonly #known = new Map<string, { readonly id: number; readonly holding: Holding }>();

  of(holding: Holding): { readonly id: number; readonly holding: Holding } {
    const { mute, maintenance, latches } = holding;
    const rulesId = holding.rules === null ? -1 : this.#rulesId(holding.rules);
    // Who muted it, and why, changes nothing of what sounds.
    const key = [
      rulesId,
      mute && `${mute.until}`,
      maintenance && `${maintenance.until}`,
      ...[...latches].sort(),
    ];
    const text = JSON.stringify(key);
    let known = this.#known.get(text);
    if (known === undefined) {
      known = { id: this.#known.size, holding: { rules: holding.rules, mute, maintenance, latches } };
      this.#known.set(text, known);
    }
    return known;
  }

  #rulesId(rules: LocalRules): number {
    const seen = this.#rulesIds.get(rules);
    if (seen !== undefined) return seen;
    // A sensitive place is quieter, but nothing sounds there at another time.
    const text = JSON.stringify({ ...rules, sensitive: false });
    const same = this.#rules.get(text);
    const id = same === undefined ? this.#rules.size : (this.#rulesIds.get(same) ?? 0);
    if (same === undefined) this.#rules.set(text, rules);
    this.#rulesIds.set(rules, id);
    return id;
  }
}

/** Numbers that look random and are the same for the same seed (a 32-bit xorshift). */
export class SeededRandom {
  #state: number;

  constructor(options: { readonly seed: number }) {
    this.#state = Math.imul(options.seed + 1, 0x9e3779b1) | 1;
  }

  /** From 0 up to, and without, `limit`. */
  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }

  chance(share: number): boolean {
    return this.below(10_000) < share * 10_000;
  }

  pick<Value>(values: readonly Value[]): Value {
    return values[this.below(values.length)] as Value;
  }

  /** Some of them, `count` at most, each once. */
  some<Value>(values: readonly Value[], count: number): Value[] {
    return [...new Set(Array.from({ length: count }, () => this.pick(values)))];
  }
}

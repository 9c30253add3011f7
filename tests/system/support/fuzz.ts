/** A source of broken input that is the same for the same seed. */
export class Fuzz {
  readonly #random: () => number;

  /** `random`: uniform numbers in [0, 1). */
  constructor(random: () => number) {
    this.#random = random;
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  pick<Value>(values: readonly Value[]): Value {
    return values[this.below(values.length)] as Value;
  }

  bytes(most: number): Buffer {
    return Buffer.from(Array.from({ length: this.below(most + 1) }, () => this.below(256)));
  }

  /** A copy with some bytes changed, inserted, left out, repeated or cut off. */
  mutated(bytes: Buffer): Buffer {
    let out = Buffer.from(bytes);
    for (let changes = 1 + this.below(4); changes > 0; changes--) {
      const at = this.below(out.length + 1);
      const [before, after] = [out.subarray(0, at), out.subarray(at)];
      switch (this.below(5)) {
        case 0:
          if (at < out.length) out[at] = this.below(256);
          break;
        case 1:
          out = Buffer.concat([before, this.bytes(8), after]);
          break;
        case 2:
          out = Buffer.concat([before, after.subarray(this.below(8))]);
          break;
        case 3:
          out = Buffer.concat([before, after.subarray(0, 64), after]);
          break;
        default:
          if (this.below(8) === 0) out = Buffer.from(before);
      }
    }
    return out;
  }

  /** A copy of a JSON value in which something is another kind of thing. */
  mutatedJson(value: unknown): unknown {
    if (typeof value !== 'object' || value === null || this.below(4) === 0) return this.oddValue();
    if (Array.isArray(value)) {
      const list: unknown[] = [...value];
      list[this.below(list.length + 1)] = this.oddValue();
      return list;
    }
    const entries = Object.entries(value);
    const at = this.below(entries.length);
    const changed = entries.flatMap(([key, one], index): [string, unknown][] => {
      if (index !== at) return [[key, one]];
      if (this.below(6) === 0) return [];
      return [[this.below(8) === 0 ? '__proto__' : key, this.mutatedJson(one)]];
    });
    return Object.fromEntries(changed);
  }

  oddValue(): unknown {
    return this.pick<unknown>([
      null,
      true,
      0,
      -1,
      1e308,
      0.1,
      Number.MAX_SAFE_INTEGER,
      '',
      'a',
      '\u0000',
      '../../etc/passwd',
      "' OR 1=1 --",
      'x'.repeat(5_000),
      '\ud800',
      [],
      {},
      [[[[[[[[]]]]]]]],
      { v: 1, toString: null },
    ]);
  }
}

import type { Turns } from '../turns.ts';

/** Gives what was read again as the object that it was before, if it says the same: what is made from it need not be made again. */
export class KeptValues<Value extends object> {
  #known = new Map<string, { readonly text: string; readonly value: Value }>();
  readonly #keyOf: (value: Value) => string;

  constructor(options: { readonly keyOf: (value: Value) => string }) {
    this.#keyOf = options.keyOf;
  }

  /** All that there is now, by key; what is not among it is forgotten. */
  async keep(values: readonly Value[], turns: Turns): Promise<Map<string, Value>> {
    const known = new Map<string, { readonly text: string; readonly value: Value }>();
    const kept = new Map<string, Value>();
    for (const value of values) {
      const key = this.#keyOf(value);
      const before = this.#known.get(key);
      const entry = before?.value === value ? before : this.#entryOf(value, before);
      known.set(key, entry);
      kept.set(key, entry.value);
      await turns.take();
    }
    this.#known = known;
    return kept;
  }

  #entryOf(value: Value, before: { readonly text: string; readonly value: Value } | undefined) {
    const text = JSON.stringify(value);
    return before?.text === text ? before : { text, value };
  }
}

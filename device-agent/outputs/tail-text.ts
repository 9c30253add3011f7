/** Keeps the last characters of what a process says, for the sentence of an error. */
export class TailText {
  readonly #limit: number;
  #text = '';

  constructor(limit = 1000) {
    this.#limit = limit;
  }

  add(text: string): void {
    this.#text = (this.#text + text).slice(-this.#limit);
  }

  /** One line, or `otherwise` when nothing was said. */
  line(otherwise: string): string {
    return this.#text.replace(/\s+/g, ' ').trim() || otherwise;
  }
}

/** Keeps the last lines of a program's chatter, each cut short: enough for an error, bounded whatever it says. */
export class TailLines {
  readonly lines: string[] = [];
  readonly #most: number;
  readonly #longest: number;

  constructor(most: number, longest: number) {
    this.#most = most;
    this.#longest = longest;
  }

  add(line: string): void {
    if (line.trim() === '') return;
    this.lines.push(line.slice(0, this.#longest));
    if (this.lines.length > this.#most) this.lines.shift();
  }

  /** The last line that reports an error, without the program's own marks; else the last line. */
  lastError(): string {
    const line =
      this.lines.findLast((text) => /\[(error|fatal|panic)\]/.test(text)) ?? this.lines.at(-1) ?? '';
    const text = line.replace(/^(\s*\[[^\]]*\])+\s*/, '').replace(/file:\S*\/\S+?:?\s/g, '');
    return text === '' ? 'it gave no reason' : text;
  }
}

/** The value below which the share `p` (0 to 1) of the ascending values lies (nearest rank). NaN for none. */
export function percentile(ascending: readonly number[], p: number): number {
  if (ascending.length === 0) return Number.NaN;
  const rank = Math.min(ascending.length - 1, Math.max(0, Math.ceil(p * ascending.length) - 1));
  return ascending[rank] as number;
}

export function median(values: readonly number[]): number {
  return percentile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}

/** Rounded to a number of decimals, for printing. */
export function round(value: number, decimals = 1): number {
  return Number(value.toFixed(decimals));
}

/** `--name value` of a command line, or the default. Throws on what is not a number. */
export function numberOption(args: readonly string[], name: string, fallback: number): number {
  const at = args.indexOf(`--${name}`);
  if (at < 0) return fallback;
  const value = Number(args[at + 1]);
  if (!Number.isFinite(value)) throw new Error(`--${name} takes a number, not "${args[at + 1] ?? ''}"`);
  return value;
}

/** `--name value` of a command line, one of these values; the first is the default. Throws on another one. */
export function choiceOption<Choice extends string>(
  args: readonly string[],
  name: string,
  choices: readonly [Choice, ...Choice[]],
): Choice {
  const at = args.indexOf(`--${name}`);
  if (at < 0) return choices[0];
  const value = choices.find((choice) => choice === args[at + 1]);
  if (value === undefined)
    throw new Error(`--${name} takes ${choices.join(' or ')}, not "${args[at + 1] ?? ''}"`);
  return value;
}

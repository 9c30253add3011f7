import { ConfigError, type VariableKey } from './variables.ts';

/** A whole number within bounds. */
export function wholeNumber(key: VariableKey, text: string, lowest: number, highest: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= lowest && value <= highest))
    throw new ConfigError(key, text, `a whole number from ${lowest} to ${highest}`);
  return value;
}

export function oneOf<const Value extends string>(
  key: VariableKey,
  text: string,
  values: readonly Value[],
): Value {
  const found = values.find((value) => value === text);
  if (found === undefined) throw new ConfigError(key, text, `one of ${values.join(', ')}`);
  return found;
}

/** A URL of one of these schemes, with a host. */
export function urlOf(key: VariableKey, text: string, schemes: readonly string[], expected: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new ConfigError(key, text, expected);
  }
  if (!schemes.includes(url.protocol.slice(0, -1)) || url.hostname === '')
    throw new ConfigError(key, text, expected);
  return url;
}

/** How often a condition is looked at that no event announces. */
const EVERY_MS = 25;

/**
 * Asks again and again until the answer is something. For what shows only from outside: a file, a row of the API.
 * @throws Error that names what was waited for, with the last failure, when it does not come in time
 */
export async function until<Found>(
  what: string,
  look: () => Promise<Found | undefined | false> | Found | undefined | false,
  limitMs = 30_000,
  everyMs: number = EVERY_MS,
): Promise<Found> {
  const end = performance.now() + limitMs;
  let failure: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      failure = undefined;
    } catch (error) {
      failure = error;
    }
    if (performance.now() > end)
      throw new Error(`waited ${limitMs} ms for ${what}`, failure === undefined ? {} : { cause: failure });
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

const EVERY_MS = 50;

/** Asks again and again until the answer is something; an answer that cannot be had counts as nothing. Throws when it does not come in time. */
export async function until<Found>(
  what: string,
  look: () => Promise<Found | undefined | false>,
  limitMs: number,
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

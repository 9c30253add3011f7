import type { AiringAsked } from './evidence.ts';
import type { Work } from './plan.ts';

/** Silence between the announcements of a programme. */
export const PROGRAMME_GAP_MS = 1_500;
/** What follows in a programme waits for what comes before it, however late that was, for up to this long. */
const FOLLOWING_LATENESS_MS = 30_000;

/** What one session of a schedule airs, beginning at an instant: each announcement with its own start. */
export function sessionAirings(
  { contents, latenessMs }: Extract<Work, { kind: 'schedule' }>,
  startsAt: number,
  facts: { readonly speakers: readonly string[]; readonly durationMs: (content: number) => number },
): AiringAsked[] {
  let at = startsAt;
  return contents.map((content, position) => {
    const airing = {
      ...{ content, speakers: facts.speakers, startsAt: at },
      latenessMs: position === 0 ? latenessMs : FOLLOWING_LATENESS_MS,
    };
    at += facts.durationMs(content) + PROGRAMME_GAP_MS;
    return airing;
  });
}

import { codec, completePolicy, type FullPolicy, type Policy, PolicySchema } from '#protocols';

/** Reads the policy text that an area holds. */
export const policyCodec = codec('policy', PolicySchema);

/**
 * Where no area of the ancestry has a policy: early morning and late afternoon, as most provinces' regulations have
 * it. Silent otherwise. A new commune is given one of its own at the first run (see `firstPolicy`), with a later morning.
 */
export const DEFAULT_POLICY: Policy = {
  windows: [
    { days: [1, 2, 3, 4, 5, 6, 7], opens: '05:30', closes: '06:30' },
    { days: [1, 2, 3, 4, 5, 6, 7], opens: '17:00', closes: '18:00' },
  ],
  sessionMinutes: null,
  legalBasis: '',
};

/** The policy of an area's text; null gives the default. */
export function policyOf(text: string | null): FullPolicy {
  return completePolicy(text === null ? DEFAULT_POLICY : policyCodec.parse(text));
}

const DAY_NAMES = ['T2', 'T3', 'T4', 'T5', 'T6', 'T7', 'CN'];

/** Windows in one short line for people: "T2–CN 05:30–06:30". */
export function describeWindows(policy: Policy): string {
  if (policy.windows.length === 0) return 'none';
  return policy.windows.map(describeWindow).join(', ');
}

/** One window for people: its days where they are not all, and its times. */
export function describeWindow({ days, opens, closes }: Policy['windows'][number]): string {
  const sorted = [...new Set(days)].sort();
  const every = sorted.length === 7 ? '' : `${sorted.map((day) => DAY_NAMES[day - 1]).join(' ')} `;
  return `${every}${opens}–${closes}`;
}

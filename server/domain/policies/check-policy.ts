import { DomainError, type Policy } from '#protocols';

/**
 * Refuses a policy that says nothing sensible, though each of its fields has the right shape. Throws `policy.invalid` with what is wrong
 * and where.
 */
export function checkPolicy(policy: Policy): void {
  for (const { opens, closes } of policy.windows) requireOrder('a window', opens, closes);
  requireApart(policy.windows);
  const { night = null, testing = null } = policy;
  if (night !== null && night.from === night.to)
    throw invalid(`the night begins and ends at ${night.from}: it would last the whole day or not at all`);
  if (testing !== null) requireOrder('the testing hours', testing.opens, testing.closes);
}

function requireOrder(what: string, opens: string, closes: string): void {
  // "HH:MM" compares as text; "24:00" is the last.
  if (closes > opens) return;
  const plural = what === 'a window' ? ['closes', 'opens'] : ['close', 'open'];
  throw invalid(`${what} ${plural[0]} at ${closes}, which is not after it ${plural[1]} at ${opens}`);
}

/** Two windows of one day that overlap are a slip of the pen: what touches may be said as one or as two. */
function requireApart(windows: Policy['windows']): void {
  windows.forEach((one, at) => {
    const other = windows
      .slice(at + 1)
      .find(
        ({ days, opens, closes }) =>
          days.some((day) => one.days.includes(day)) && opens < one.closes && one.opens < closes,
      );
    if (other !== undefined)
      throw invalid(
        `the windows ${one.opens}–${one.closes} and ${other.opens}–${other.closes} overlap on a day that both name`,
      );
  });
}

function invalid(reason: string): DomainError {
  return new DomainError('policy.invalid', { reason });
}

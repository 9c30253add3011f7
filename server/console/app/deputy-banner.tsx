import { useEffect } from 'react';
import { dayOf, endOfDay, isoDay, when } from '../ui/format.ts';
import { Notice } from '../ui/notice.tsx';
import { useSigned } from './session.tsx';
import { words } from './words.ts';

/** As long as a browser's timer can be set. */
const LONGEST_WAIT_MS = 24 * 24 * 3_600_000;

/** Above whatever page is open: for whom a deputy signs, where, and until when. It goes when the deputyship ends, which the controller does not wait for. */
export function DeputyBanner() {
  const { session, areaName, changed } = useSigned();
  const held = session.grants.filter(({ role }) => role === 'deputy');
  const endsAt = Math.min(...held.map(({ until }) => until ?? Number.POSITIVE_INFINITY));
  const { now } = session;
  useEffect(() => {
    if (!Number.isFinite(endsAt)) return;
    const timer = setTimeout(changed, Math.min(Math.max(0, endsAt - now), LONGEST_WAIT_MS));
    return () => clearTimeout(timer);
  }, [endsAt, now, changed]);
  if (held.length === 0) return null;
  return (
    <Notice kind="info">
      {words.welcome(session.account.displayName)}
      {held.map(({ areas, from, until }) => (
        <div key={`${areas.join()} ${from} ${until}`}>
          {words.deputyOf(
            areas.map(areaName).join(', '),
            from === null ? '' : startOf(from),
            until === null ? '' : endOf(until),
          )}
        </div>
      ))}
    </Notice>
  );
}

/** "02/03/2026", or with the hour where it does not begin with the day. */
function startOf(from: number): string {
  return endOfDay(isoDay(from - 1)) === from ? dayOf(from) : when(from);
}

/** "hết 05/03/2026", or with the hour where it does not end with the day. */
function endOf(until: number): string {
  return endOfDay(isoDay(until - 1)) === until ? words.endOfDay(dayOf(until - 1)) : when(until);
}

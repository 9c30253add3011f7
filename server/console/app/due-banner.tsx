import { useState } from 'react';
import type { ApprovalsDue } from '#protocols';
import { call, query } from '../api/client.ts';
import { useLoad } from '../api/hooks.ts';
import { useLive } from '../api/live.ts';
import { PageLink } from '../ui/button.tsx';
import { dayOf, endOfDay, isoDay, startOfDay } from '../ui/format.ts';
import { Notice } from '../ui/notice.tsx';
import { useSigned } from './session.tsx';
import { words } from './words.ts';

/** From 20:00 to the day that it is about; a reminder that is made up for the next morning is about that day. */
const TO_ITS_DAY_MS = 4 * 3_600_000;

/** At 20:00, above whatever page is open: how much of tomorrow is not approved. Also where the page is opened later, until that day is over. */
export function DueBanner() {
  const { may, session } = useSigned();
  const asked = (may('announcement:approve') || may('announcement:write')) && may('schedule:read');
  return asked ? (
    <Due noticedAt={session.notices.filter(({ kind }) => kind === 'approval_due').at(-1)?.at} />
  ) : null;
}

function Due(props: { readonly noticedAt: number | undefined }) {
  const { noticedAt } = props;
  const { session } = useSigned();
  const noticed = noticedAt === undefined ? undefined : isoDay(noticedAt + TO_ITS_DAY_MS);
  const [day, setDay] = useState(noticed !== undefined && endOfDay(noticed) > session.now ? noticed : null);
  const due = useLoad(day, (signal) => {
    const range = query(day === null ? {} : { from: startOfDay(day), to: endOfDay(day) });
    return call<ApprovalsDue>('GET', `approvals/due${range}`, { signal });
  });
  useLive(['approval.due', 'announcement.changed', 'approval.standing'], (name, data) => {
    if (name === 'approval.due') setDay((data as { readonly day: string }).day);
    due.reload();
  });
  // Counted anew: an event tells what is due in its area, and people may have several.
  const count = due.value?.due.length ?? 0;
  if (day === null || count === 0) return null;
  return (
    <Notice kind="warning">
      {words.due(count, dayOf(startOfDay(day)))} <PageLink to="/approvals?part=due">{words.dueLook}</PageLink>
    </Notice>
  );
}

import type { BackupNotices } from '#protocols';
import { call } from '../api/client.ts';
import { useLoad } from '../api/hooks.ts';
import { useLive } from '../api/live.ts';
import { PageLink } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { useAddress } from './router.ts';
import { useSigned } from './session.tsx';
import { words } from './words.ts';

/** Days pass and loudspeakers come without an event. */
const ASK_EVERY_MS = 10 * 60_000;
const BACKUPS = '/backups';

/** Above whatever page is open, for who keeps the controller: no backup has left the box for too long, or loudspeakers look for another machine. */
export function BackupBanner() {
  const { may } = useSigned();
  return may('backup:read') ? <Notices /> : null;
}

function Notices() {
  const { pathname } = useAddress();
  const read = (signal: AbortSignal) => call<BackupNotices>('GET', 'backups/notices', { signal });
  const { value, reload } = useLoad('backup notices', read, ASK_EVERY_MS);
  useLive(['backup.changed'], reload);
  if (value === undefined) return null;
  const { alarm, oldAddress } = value;
  return (
    <>
      {alarm !== null && (
        <Notice kind="bad">
          {words.backupAlarm(alarm.days)}{' '}
          {pathname !== BACKUPS && <PageLink to={BACKUPS}>{words.backupLook}</PageLink>}
        </Notice>
      )}
      {oldAddress !== null && (
        <Notice kind="warning">
          {words.oldAddress(oldAddress.url, oldAddress.own, oldAddress.waiting)}{' '}
          {words.oldAddressCure(oldAddress.url)}
        </Notice>
      )}
    </>
  );
}

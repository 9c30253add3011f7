import type { AnnouncementDetail } from '#protocols';
import { call } from '../../api/client.ts';
import { useLoad } from '../../api/hooks.ts';
import { useLive } from '../../api/live.ts';
import { PageLink } from '../../ui/button.tsx';
import { useHeld } from '../../ui/held.ts';
import { ErrorNotice, Notice, Waiting } from '../../ui/notice.tsx';
import { AnnouncementCard } from './announcement-card.tsx';
import type { Waiting as WaitingHere } from './waiting.ts';
import { WaitingList, type WaitingListProps } from './waiting-list.tsx';
import { words } from './words.ts';

/** Where an announcement is shown by itself. */
export function announcementPath(id: string): string {
  return `/approvals?part=due&item=${encodeURIComponent(id)}`;
}

/** One announcement that somebody followed a link to: with what can be said to it where it waits for this person, and else as it is. */
export function OneAnnouncement(
  props: Omit<WaitingListProps, 'waiting'> & {
    readonly id: string;
    readonly waits: WaitingHere | undefined;
  },
) {
  const { id, waits, ...answering } = props;
  return waits === undefined ? <Shown id={id} /> : <WaitingList waiting={[waits]} {...answering} />;
}

function Shown({ id }: { readonly id: string }) {
  const read = useLoad(`announcement ${id}`, (signal) =>
    call<AnnouncementDetail>('GET', `announcements/${id}`, { signal }),
  );
  useLive(['announcement.changed'], read.reload);
  const announcement = useHeld(read.value);
  return (
    <>
      <ErrorNotice error={read.error} onRetry={read.reload} />
      {announcement === undefined && read.error === undefined && <Waiting />}
      {announcement !== undefined && (
        <AnnouncementCard announcement={announcement}>
          <Notice kind="info">{words.notYours(stateOf(announcement))}</Notice>
        </AnnouncementCard>
      )}
    </>
  );
}

function stateOf({ state, missing }: AnnouncementDetail): string {
  const named =
    state === 'approved' && missing.length === 0 ? words.approved : words.announcementStates[state];
  return (named ?? state).toLocaleLowerCase('vi');
}

/** Back to all of what airs soon. */
export function BackToDue() {
  return (
    <p>
      <PageLink to="/approvals?part=due">{words.backToDue}</PageLink>
    </p>
  );
}

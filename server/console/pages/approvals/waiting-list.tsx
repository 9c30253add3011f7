import { useState } from 'react';
import type { Static } from 'typebox';
import type { AnnouncementView, WaitingListSchema } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { useSigned } from '../../app/session.tsx';
import { Button } from '../../ui/button.tsx';
import { Confirm } from '../../ui/dialog.tsx';
import { ErrorNotice, Notice } from '../../ui/notice.tsx';
import { AnnouncementCard } from './announcement-card.tsx';
import { words } from './words.ts';

/** An announcement and the own areas in which it waits. */
export type Waiting = Static<typeof WaitingListSchema>['waiting'][number];

/** What waits for this person's yes or no. */
export function WaitingList(props: {
  readonly waiting: readonly Waiting[];
  readonly onDone: (said: string) => void;
}) {
  if (props.waiting.length === 0) return <Notice kind="good">{words.nothingWaiting}</Notice>;
  return props.waiting.map((one) => <WaitingOne key={one.announcement.id} {...one} onDone={props.onDone} />);
}

function WaitingOne(props: {
  readonly announcement: AnnouncementView;
  readonly areas: Waiting['areas'];
  readonly onDone: (said: string) => void;
}) {
  const { announcement, areas, onDone } = props;
  const { id, title, approvalHash, composers, recordedBy } = announcement;
  const { session } = useSigned();
  const [rejecting, setRejecting] = useState(false);
  const approve = useAct(async (key) => {
    await call('POST', `announcements/${id}/approve`, { key, body: { sha256: approvalHash } });
    onDone(words.approvedDone(title));
  });
  const reject = useAct(async (key, reason: string) => {
    await call('POST', `announcements/${id}/reject`, { key, body: { reason } });
    onDone(words.rejectedDone(title));
  });
  const me = session.account.name;
  const own = composers.includes(me) && recordedBy !== me;
  return (
    <AnnouncementCard announcement={announcement}>
      {announcement.forAreas.length > 0 && (
        <Notice kind="info">
          {words.yourAreas}: {areas.map(({ name }) => name).join(', ')}
        </Notice>
      )}
      {own && <Notice kind="info">{words.ownWork}</Notice>}
      <ErrorNotice error={approve.error} />
      <div className="actions">
        {!own && (
          <Button weight="main" busy={approve.busy} onPress={() => void approve.run()}>
            {words.approve}
          </Button>
        )}
        <Button onPress={() => setRejecting(true)}>{words.reject}</Button>
      </div>
      {rejecting && (
        <Confirm
          title={words.rejectTitle(title)}
          verb={words.reject}
          danger
          reason={words.reason}
          busy={reject.busy}
          error={reject.error}
          onConfirm={(reason) => reject.run(reason)}
          onClose={() => setRejecting(false)}
        >
          {words.rejectWhy}
        </Confirm>
      )}
    </AnnouncementCard>
  );
}

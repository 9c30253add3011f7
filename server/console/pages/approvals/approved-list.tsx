import { useState } from 'react';
import type { AnnouncementView } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { useSigned } from '../../app/session.tsx';
import { Button } from '../../ui/button.tsx';
import { Confirm } from '../../ui/dialog.tsx';
import { AnnouncementCard } from './announcement-card.tsx';
import { words } from './words.ts';

/** What was approved, and may be taken back. */
export function ApprovedList(props: {
  readonly approved: readonly AnnouncementView[];
  readonly onDone: (said: string) => void;
}) {
  const { may } = useSigned();
  const [leaving, setLeaving] = useState<AnnouncementView>();
  const withdraw = useAct(async (key, id: string, title: string) => {
    await call('POST', `announcements/${id}/withdraw`, { key });
    props.onDone(words.withdrawnDone(title));
  });
  if (props.approved.length === 0) return <p className="soft">{words.nothingApproved}</p>;
  return (
    <>
      {props.approved.map((one) => (
        <AnnouncementCard key={one.id} announcement={one}>
          {may('announcement:write') && (
            <div className="actions">
              <Button onPress={() => setLeaving(one)}>{words.withdraw}</Button>
            </div>
          )}
        </AnnouncementCard>
      ))}
      {leaving !== undefined && (
        <Confirm
          title={words.withdrawTitle(leaving.title)}
          verb={words.withdraw}
          danger
          busy={withdraw.busy}
          error={withdraw.error}
          onConfirm={() => withdraw.run(leaving.id, leaving.title)}
          onClose={() => setLeaving(undefined)}
        >
          {words.withdrawWhy}
        </Confirm>
      )}
    </>
  );
}

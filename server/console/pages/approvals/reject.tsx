import type { AnnouncementView } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { Confirm } from '../../ui/dialog.tsx';
import { words } from './words.ts';

/** Asks for the reason of a no, which goes back to who composed it. */
export function Reject(props: {
  readonly announcement: AnnouncementView;
  readonly why: string;
  readonly onDone: (said: string) => void;
  readonly onClose: () => void;
}) {
  const { announcement, why, onDone, onClose } = props;
  const { id, title } = announcement;
  const reject = useAct(async (key, reason: string) => {
    await call('POST', `announcements/${id}/reject`, { key, body: { reason } });
    onDone(words.rejectedDone(title));
  });
  return (
    <Confirm
      title={words.rejectTitle(title)}
      verb={words.reject}
      danger
      reason={words.reason}
      busy={reject.busy}
      error={reject.error}
      onConfirm={(reason) => reject.run(reason)}
      onClose={onClose}
    >
      {why}
    </Confirm>
  );
}

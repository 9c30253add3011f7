import { call } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { Confirm } from '../../ui/dialog.tsx';
import type { Answered } from './waiting.ts';
import { words } from './words.ts';

/** Asks for the reason of a no, which goes back to who composed it. It is said for the areas that were shown, and for no others. */
export function Reject(props: {
  readonly asked: Answered;
  readonly why: string;
  readonly onDone: (said: string) => void;
  readonly onClose: () => void;
}) {
  const { asked, why, onDone, onClose } = props;
  const { id, title } = asked.announcement;
  const areas = asked.areas.map(({ areaId }) => areaId);
  const reject = useAct(async (key, reason: string) => {
    await call('POST', `announcements/${id}/reject`, { key, body: { reason, areas } });
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
      <p>
        {words.yourNo}: {asked.areas.map(({ name }) => name).join(', ')}
      </p>
    </Confirm>
  );
}

import { useState } from 'react';
import { useSigned } from '../../app/session.tsx';
import { Button } from '../../ui/button.tsx';
import { Notice } from '../../ui/notice.tsx';
import { AnnouncementCard } from './announcement-card.tsx';
import { Approve } from './approve.tsx';
import { Reject } from './reject.tsx';
import type { Waiting } from './waiting.ts';
import { words } from './words.ts';

export interface WaitingListProps {
  readonly waiting: readonly Waiting[];
  /** Announcements of emergencies that wait for a second person: they go out by his word, which an approval is not. */
  readonly urgent: ReadonlySet<string>;
  readonly onUrgent: () => void;
  readonly onDone: (said: string) => void;
}

/** What waits for this person's yes or no. */
export function WaitingList(props: WaitingListProps) {
  const [answer, setAnswer] = useState<{ readonly verb: 'approve' | 'reject'; readonly one: Waiting }>();
  const close = () => setAnswer(undefined);
  return (
    <>
      {props.waiting.length === 0 && <Notice kind="good">{words.nothingWaiting}</Notice>}
      {props.waiting.map((one) => (
        <WaitingOne
          key={one.announcement.id}
          {...one}
          onUrgent={props.urgent.has(one.announcement.id) ? props.onUrgent : null}
          onAnswer={(verb) => setAnswer({ verb, one })}
        />
      ))}
      {answer?.verb === 'approve' && <Approve asked={answer.one} onDone={props.onDone} onClose={close} />}
      {answer?.verb === 'reject' && (
        <Reject asked={answer.one} why={words.rejectWhy} onDone={props.onDone} onClose={close} />
      )}
    </>
  );
}

function WaitingOne(
  props: Waiting & {
    /** Null: nobody has asked for it as an emergency. */
    readonly onUrgent: (() => void) | null;
    readonly onAnswer: (verb: 'approve' | 'reject') => void;
  },
) {
  const { announcement, areas, tooLong, onUrgent, onAnswer } = props;
  const { composers, decisions, recordedBy } = announcement;
  const { session } = useSigned();
  const me = session.account.name;
  const own = composers.includes(me) && recordedBy !== me;
  // A "no" is ended by a yes alone: no confirmation of the emergency sounds there before.
  const refused = decisions.some(({ carried }) => carried === true);
  return (
    <AnnouncementCard announcement={announcement}>
      {announcement.forAreas.length > 0 && (
        <Notice kind="info">
          {words.yourAreas}: {areas.map(({ name }) => name).join(', ')}
        </Notice>
      )}
      {tooLong !== null && <Notice kind="info">{words.tooLong(tooLong.minutes, tooLong.limit)}</Notice>}
      {own && <Notice kind="info">{words.ownWork}</Notice>}
      {onUrgent !== null && (
        <Notice kind="bad">
          {refused ? words.urgentRefused : words.urgentHere}
          <Button weight="quiet" onPress={onUrgent}>
            {words.urgentLook}
          </Button>
        </Notice>
      )}
      <div className="actions">
        {!own && (onUrgent === null || refused) && (
          <Button weight="main" onPress={() => onAnswer('approve')}>
            {words.approve}
          </Button>
        )}
        <Button onPress={() => onAnswer('reject')}>{words.reject}</Button>
      </div>
    </AnnouncementCard>
  );
}

import { useState } from 'react';
import { Button } from '../../ui/button.tsx';
import { when } from '../../ui/format.ts';
import { Notice } from '../../ui/notice.tsx';
import { AnnouncementCard } from './announcement-card.tsx';
import { Approve } from './approve.tsx';
import { Reject } from './reject.tsx';
import type { Past } from './waiting.ts';
import { words } from './words.ts';

/** What aired by a leave for its series and is planned no more: nobody waits for a word about it, and one may still be said. */
export function PastList(props: { readonly past: readonly Past[]; readonly onDone: (said: string) => void }) {
  const { past, onDone } = props;
  const [answer, setAnswer] = useState<{ readonly verb: 'approve' | 'reject'; readonly one: Past }>();
  const close = () => setAnswer(undefined);
  if (past.length === 0 && answer === undefined) return null;
  return (
    <details>
      <summary>{words.past(past.length)}</summary>
      <div className="stack">
        <p>{words.pastWhy}</p>
        {past.map((one) => (
          <AnnouncementCard key={one.announcement.id} announcement={one.announcement}>
            <Notice kind="info">
              <div>{words.pastAt(when(one.lastAt))}</div>
              <div>
                {words.coveredIn}: {one.areas.map(({ name }) => name).join(', ')}
              </div>
            </Notice>
            <div className="actions">
              <Button
                label={`${words.approveAgain}: ${one.announcement.title}`}
                onPress={() => setAnswer({ verb: 'approve', one })}
              >
                {words.approveAgain}
              </Button>
              <Button
                label={`${words.reject}: ${one.announcement.title}`}
                onPress={() => setAnswer({ verb: 'reject', one })}
              >
                {words.reject}
              </Button>
            </div>
          </AnnouncementCard>
        ))}
      </div>
      {answer?.verb === 'approve' && <Approve asked={answer.one} onDone={onDone} onClose={close} />}
      {answer?.verb === 'reject' && (
        <Reject asked={answer.one} why={words.rejectWhy} onDone={onDone} onClose={close} />
      )}
    </details>
  );
}

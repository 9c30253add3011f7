import { useState } from 'react';
import type { UndecidedList } from '#protocols';
import { call } from '../../api/client.ts';
import { useLoad } from '../../api/hooks.ts';
import { useLive } from '../../api/live.ts';
import { useHeld } from '../../ui/held.ts';
import { ErrorNotice, Notice, Waiting } from '../../ui/notice.tsx';
import { CollisionCard } from './collision-card.tsx';
import { words } from './words.ts';

/** Time passes, and others decide. */
const ASK_EVERY_MS = 60_000;

/** Two priority items meet: who sounds first is put to people. */
export default function CollisionsPage() {
  const [said, setSaid] = useState<string>();
  const list = useLoad(
    'collisions',
    (signal) => call<UndecidedList>('GET', 'collisions', { signal }),
    ASK_EVERY_MS,
  );
  useLive(['priority.undecided'], list.reload);
  const undecided = useHeld(list.value?.undecided);
  return (
    <div className="stack">
      <h1>{words.title}</h1>
      <p>{words.why}</p>
      {said !== undefined && <Notice kind="good">{said}</Notice>}
      <ErrorNotice error={list.error} onRetry={list.reload} />
      {undecided === undefined && list.error === undefined && <Waiting />}
      {undecided?.length === 0 && <Notice kind="good">{words.none}</Notice>}
      {undecided?.map((one) => (
        <CollisionCard
          key={JSON.stringify([one.first, one.second])}
          collision={one}
          onDecided={(what) => {
            setSaid(what);
            list.reload();
          }}
        />
      ))}
      {undecided !== undefined && undecided.length > 0 && <p className="soft">{words.unanswered}</p>}
    </div>
  );
}

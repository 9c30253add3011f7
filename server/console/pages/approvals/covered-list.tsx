import { useState } from 'react';
import { Button } from '../../ui/button.tsx';
import { dayOf } from '../../ui/format.ts';
import { Notice } from '../../ui/notice.tsx';
import { signed } from '../../ui/signed.ts';
import { AnnouncementCard } from './announcement-card.tsx';
import { Reject } from './reject.tsx';
import type { Covered } from './waiting.ts';
import { words } from './words.ts';

/** What airs by a leave for its series, which nobody has to say yes to: to be read and listened to, and to be refused all the same. */
export function CoveredList(props: {
  readonly covered: readonly Covered[];
  readonly onDone: (said: string) => void;
}) {
  const { covered, onDone } = props;
  const [refusing, setRefusing] = useState<Covered>();
  if (covered.length === 0 && refusing === undefined) return null;
  return (
    <>
      <h2>{words.covered}</h2>
      <p>{words.coveredWhy}</p>
      {covered.map((one) => (
        <AnnouncementCard key={one.announcement.id} announcement={one.announcement}>
          <Notice kind="info">
            {one.leaves.map(({ standingId, title, byName, as, expiresAt }) => (
              <div key={standingId}>{words.coveredBy(title, signed(byName, as), dayOf(expiresAt - 1))}</div>
            ))}
            <div>
              {words.coveredIn}: {one.areas.map(({ name }) => name).join(', ')}
            </div>
          </Notice>
          <div className="actions">
            <Button label={`${words.reject}: ${one.announcement.title}`} onPress={() => setRefusing(one)}>
              {words.reject}
            </Button>
          </div>
        </AnnouncementCard>
      ))}
      {refusing !== undefined && (
        <Reject
          asked={refusing}
          why={words.coveredRejectWhy}
          onDone={onDone}
          onClose={() => setRefusing(undefined)}
        />
      )}
    </>
  );
}

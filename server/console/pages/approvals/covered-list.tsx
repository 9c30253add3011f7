import { useState } from 'react';
import type { ProgrammeView, ScheduleView, StandingView } from '#protocols';
import { call } from '../../api/client.ts';
import { useLoad } from '../../api/hooks.ts';
import { useSigned } from '../../app/session.tsx';
import { byId, liesWithin } from '../../ui/area-tree.ts';
import { Button } from '../../ui/button.tsx';
import { dayOf } from '../../ui/format.ts';
import { Notice } from '../../ui/notice.tsx';
import { AnnouncementCard } from './announcement-card.tsx';
import { Reject } from './reject.tsx';
import type { Waiting } from './waiting.ts';
import { words } from './words.ts';

/** The leaves in force, and what the series air. */
interface Leaves {
  readonly standing: readonly StandingView[];
  readonly schedules: readonly ScheduleView[];
  readonly programmes: readonly ProgrammeView[];
}

/** What airs by a leave for its series, which nobody has to say yes to: to be read and listened to, and to be refused all the same. */
export function CoveredList(props: {
  readonly covered: readonly Waiting[];
  readonly onDone: (said: string) => void;
}) {
  const { covered, onDone } = props;
  const { areas } = useSigned();
  const [refusing, setRefusing] = useState<Waiting>();
  const ids = covered.map(({ announcement }) => announcement.id).join(' ');
  const leaves = useLoad(ids === '' ? null : ids, readLeaves);
  if (covered.length === 0 && refusing === undefined) return null;
  const tree = byId(areas);
  const leavesOf = (one: Waiting) =>
    leaves.value === undefined
      ? []
      : leavesFor(one.announcement.id, leaves.value).filter((leave) =>
          one.areas.some(
            ({ areaId }) =>
              liesWithin(areaId, leave.areas, tree) ||
              leave.areas.some((within) => liesWithin(within, [areaId], tree)),
          ),
        );
  return (
    <>
      <h2>{words.covered}</h2>
      <p>{words.coveredWhy}</p>
      {covered.map((one) => {
        const found = leavesOf(one);
        return (
          <AnnouncementCard key={one.announcement.id} announcement={one.announcement}>
            <Notice kind="info">
              {found.map(({ id, title, by, expiresAt }) => (
                <div key={id}>{words.coveredBy(title, by, dayOf(expiresAt - 1))}</div>
              ))}
              {found.length === 0 && <div>{words.coveredUnnamed}</div>}
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
        );
      })}
      {refusing !== undefined && (
        <Reject
          announcement={refusing.announcement}
          why={words.coveredRejectWhy}
          onDone={onDone}
          onClose={() => setRefusing(undefined)}
        />
      )}
    </>
  );
}

/** The leaves in force for the series that air an announcement, by itself or in a programme. */
function leavesFor(id: string, { standing, schedules, programmes }: Leaves): StandingView[] {
  const holding = programmes.filter(({ items }) => items.some(({ announcementId }) => announcementId === id));
  const within = new Set(holding.map((programme) => programme.id));
  const series = schedules
    .filter(({ content }) =>
      content.kind === 'announcement' ? content.announcementId === id : within.has(content.programmeId),
    )
    .map(({ seriesId }) => seriesId);
  return standing.filter(({ state, seriesId }) => state === 'in_force' && series.includes(seriesId));
}

async function readLeaves(signal: AbortSignal): Promise<Leaves> {
  const [{ standing }, { schedules }, { programmes }] = await Promise.all([
    call<Pick<Leaves, 'standing'>>('GET', 'standing-approvals', { signal }),
    call<Pick<Leaves, 'schedules'>>('GET', 'schedules', { signal }),
    call<Pick<Leaves, 'programmes'>>('GET', 'programmes', { signal }),
  ]);
  return { standing, schedules, programmes };
}

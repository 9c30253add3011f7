import type { ApprovalsDue } from '#protocols';
import { PageLink } from '../../ui/button.tsx';
import { when } from '../../ui/format.ts';
import { Chip, Notice } from '../../ui/notice.tsx';
import { AreaNeeds } from './announcement-card.tsx';
import { announcementPath } from './one-announcement.tsx';
import { words } from './words.ts';

/** What would air soon and is not approved everywhere: when, where, and who is asked. */
export function DueList(props: { readonly due: ApprovalsDue['due'] }) {
  const { due } = props;
  if (due.length === 0) return <Notice kind="good">{words.nothingDue}</Notice>;
  const sorted = [...due].sort((a, b) => a.startsAt - b.startsAt);
  return (
    <>
      <p>{words.dueWhy}</p>
      <section className="card">
        <ul className="rows">
          {sorted.map(({ broadcastId, announcementId, title, startsAt, state, areas, tooLong, fallback }) => (
            <li key={broadcastId}>
              <div>
                <b>{when(startsAt)}</b>
                <div>
                  {announcementId === null ? (
                    title
                  ) : (
                    <PageLink className="row-link" to={announcementPath(announcementId)}>
                      {title}
                    </PageLink>
                  )}
                </div>
                <div className="soft small">
                  <AreaNeeds needs={areas} />
                </div>
                {tooLong !== null && (
                  <div className="soft small">{words.tooLong(tooLong.minutes, tooLong.limit)}</div>
                )}
                <div className="soft small">
                  {fallback === null ? words.silence : words.fallback(fallback.title)}
                </div>
              </div>
              <Chip kind={state === 'submitted' ? 'warning' : 'plain'}>
                {words.announcementStates[state ?? ''] ?? words.noAnnouncement}
              </Chip>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

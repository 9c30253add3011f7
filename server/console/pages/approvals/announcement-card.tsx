import type { ReactNode } from 'react';
import type { AnnouncementDetail, AnnouncementView } from '#protocols';
import { when } from '../../ui/format.ts';
import { Chip } from '../../ui/notice.tsx';
import { PersonName, PersonNames } from '../../ui/person.tsx';
import { signed } from '../../ui/signed.ts';
import { RefusedBefore } from './refused-before.tsx';
import { Spoken } from './spoken.tsx';
import { words } from './words.ts';

const PRIORITY_KINDS = { normal: 'plain', priority: 'warning', emergency: 'bad' } as const;

/** Areas where nobody has said yes, with those who may. */
export function AreaNeeds(props: { readonly needs: AnnouncementView['missing'] }) {
  return props.needs.map(({ areaId, name, approvers }) => (
    <div key={areaId}>{words.needOf(name, approvers.map(({ displayName }) => displayName).join(', '))}</div>
  ));
}

/** What an announcement says and how it sounds: what somebody has to know who answers for it. */
export function AnnouncementCard(props: {
  readonly announcement: AnnouncementView & Partial<Pick<AnnouncementDetail, 'refusedBefore'>>;
  readonly children?: ReactNode;
}) {
  const { title, areaName, priority, category, ...rest } = props.announcement;
  return (
    <article className="card">
      <div className="card-head">
        <h2>{title}</h2>
        <div className="chips">
          <Chip kind={PRIORITY_KINDS[priority]}>{words.priorities[priority]}</Chip>
          {category !== '' && <Chip kind="plain">{category}</Chip>}
        </div>
      </div>
      <dl className="facts">
        <dt>{words.area}</dt>
        <dd>{areaName}</dd>
        {rest.forAreas.length > 0 && (
          <>
            <dt>{words.forAreas}</dt>
            <dd>{rest.forAreaNames.join(', ')}</dd>
          </>
        )}
        <dt>{words.by}</dt>
        <dd>
          <PersonNames names={rest.composerNames} logins={rest.composers} />
        </dd>
        {rest.recordedBy !== null && (
          <>
            <dt>{words.recordedBy}</dt>
            <dd>
              <PersonName name={rest.recordedByName ?? ''} login={rest.recordedBy} />
            </dd>
          </>
        )}
        <dt>{words.sent}</dt>
        <dd>{when(rest.updatedAt)}</dd>
        {rest.decisions.length > 0 && (
          <>
            <dt>{words.decisions}</dt>
            <dd>
              {rest.decisions.map(({ areaId, areaName: where, verdict, byName, as, at, reason, carried }) => (
                <div key={`${areaId} ${at}`}>
                  {words.decision(where, words.verdicts[verdict], signed(byName, as), when(at))}
                  {carried && <div className="soft">{words.carried}</div>}
                  {reason !== null && <div className="soft">“{reason}”</div>}
                </div>
              ))}
            </dd>
          </>
        )}
        {rest.missing.length > 0 && rest.decisions.length > 0 && (
          <>
            <dt>{words.missing}</dt>
            <dd>
              <AreaNeeds needs={rest.missing} />
            </dd>
          </>
        )}
      </dl>
      <RefusedBefore known={rest.refusedBefore ?? []} />
      <Spoken announcement={props.announcement} />
      {props.children}
    </article>
  );
}

import type { ReactNode } from 'react';
import type { AnnouncementView } from '#protocols';
import { API } from '../../api/client.ts';
import { useSigned } from '../../app/session.tsx';
import { length, shortHash, when } from '../../ui/format.ts';
import { Chip } from '../../ui/notice.tsx';
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
  readonly announcement: AnnouncementView;
  readonly children?: ReactNode;
}) {
  const { areaName } = useSigned();
  const { title, areaId, priority, category, text, stream, mediaSha256, approvalHash, ...rest } =
    props.announcement;
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
        <dd>{areaName(areaId)}</dd>
        {rest.forAreas.length > 0 && (
          <>
            <dt>{words.forAreas}</dt>
            <dd>{rest.forAreas.map(areaName).join(', ')}</dd>
          </>
        )}
        <dt>{words.by}</dt>
        <dd>{rest.composers.join(', ')}</dd>
        {rest.recordedBy !== null && (
          <>
            <dt>{words.recordedBy}</dt>
            <dd>{rest.recordedBy}</dd>
          </>
        )}
        <dt>{words.sent}</dt>
        <dd>{when(rest.updatedAt)}</dd>
        {rest.decisions.length > 0 && (
          <>
            <dt>{words.decisions}</dt>
            <dd>
              {rest.decisions.map(({ areaId: where, verdict, by, at, reason }) => (
                <div key={`${where} ${at}`}>
                  {words.decision(areaName(where), words.verdicts[verdict], by, when(at))}
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
      {text !== null && <p className="spoken">{text}</p>}
      {stream !== null && <p>{words.station(stream.station, length(stream.durationMs))}</p>}
      {mediaSha256 !== null ? (
        // biome-ignore lint/a11y/useMediaCaption: what is said stands above it, as text
        <audio
          controls
          preload="metadata"
          src={`${API}/media/${mediaSha256}`}
          aria-label={words.listen(title)}
        />
      ) : (
        stream === null && <p className="soft">{words.noAudio}</p>
      )}
      {approvalHash !== null && (
        <p className="hint">
          {words.fingerprint} <span className="mono">{shortHash(approvalHash)}</span>. {words.fingerprintWhy}
        </p>
      )}
      {props.children}
    </article>
  );
}

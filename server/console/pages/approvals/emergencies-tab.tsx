import { useState } from 'react';
import type { AnnouncementDetail, EmergencyView } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct, useLoad } from '../../api/hooks.ts';
import { CommuneNotice } from '../../app/commune-notice.tsx';
import { useSigned } from '../../app/session.tsx';
import { Button } from '../../ui/button.tsx';
import { Confirm } from '../../ui/dialog.tsx';
import { when } from '../../ui/format.ts';
import { Chip, ErrorNotice, Notice, Waiting } from '../../ui/notice.tsx';
import { signed } from '../../ui/signed.ts';
import { AnnouncementCard } from './announcement-card.tsx';
import { words } from './emergency-words.ts';
import { Review } from './review.tsx';

/** Emergencies that wait for a second person, and those that one person sent out alone. */
export function EmergenciesTab(props: {
  readonly waiting: readonly EmergencyView[];
  readonly reviews: readonly EmergencyView[];
  readonly onDone: (said: string) => void;
}) {
  const { waiting, reviews, onDone } = props;
  const open = reviews.filter(({ review }) => review?.state === 'open');
  const resolved = reviews.filter(({ review }) => review?.state === 'resolved');
  return (
    <>
      <CommuneNotice />
      <h2>{words.waiting}</h2>
      <p>{words.waitingWhy}</p>
      <p>{words.waitingWho}</p>
      <p>{words.waitingMeanwhile}</p>
      {waiting.length === 0 && <p className="soft">{words.nothingWaiting}</p>}
      {waiting.map((one) => (
        <WaitingEmergency key={one.id} emergency={one} onDone={onDone} />
      ))}
      <h2>{words.reviews}</h2>
      <p>{words.reviewsWhy}</p>
      {open.length === 0 && <p className="soft">{words.nothingToReview}</p>}
      {[...open, ...resolved].map((one) => (
        <Review key={one.id} emergency={one} onDone={onDone} />
      ))}
    </>
  );
}

function WaitingEmergency(props: {
  readonly emergency: EmergencyView;
  readonly onDone: (said: string) => void;
}) {
  const { emergency, onDone } = props;
  const { id, announcementId, title, sha256, askedBy, askedByName, askedAs, targets } = emergency;
  const { may, session, areaName } = useSigned();
  const [asked, setAsked] = useState<'confirm' | 'drop'>();
  const text = useLoad(`announcement ${announcementId}`, (signal) =>
    call<AnnouncementDetail>('GET', `announcements/${announcementId}`, { signal }),
  );
  const answer = useAct(async (key, verb: 'confirm' | 'drop', reason: string) => {
    const body = verb === 'confirm' ? { sha256 } : { reason };
    await call('POST', `emergencies/${id}/${verb}`, { key, body });
    onDone(verb === 'confirm' ? words.confirmed(title) : words.dropped(title));
  });
  const own = askedBy === session.account.name;
  const places = [
    ...(targets.areas ?? []).map(areaName),
    ...(targets.speakers === undefined || targets.speakers.length === 0
      ? []
      : [words.speakers(targets.speakers.length)]),
  ];
  const left = [
    ...(targets.excludeAreas ?? []).map(areaName),
    ...(targets.excludeSpeakers === undefined || targets.excludeSpeakers.length === 0
      ? []
      : [words.speakers(targets.excludeSpeakers.length)]),
  ];
  const where = places.join(', ') + (left.length === 0 ? '' : words.except(left.join(', ')));
  const facts = (
    <>
      <dl className="facts">
        <dt>{words.areas}</dt>
        <dd>{where}</dd>
        <dt>{words.askedBy}</dt>
        <dd>{signed(askedByName, askedAs)}</dd>
        <dt>{words.expires}</dt>
        <dd>{when(emergency.expiresAt)}</dd>
      </dl>
      {emergency.drill && <Chip kind="plain">{words.drill}</Chip>}
      {own && <Notice kind="info">{words.own}</Notice>}
      <div className="actions">
        {!own && may('broadcast:play') && (
          <Button weight="danger" onPress={() => setAsked('confirm')}>
            {words.confirm}
          </Button>
        )}
        {may('broadcast:cancel') && <Button onPress={() => setAsked('drop')}>{words.drop}</Button>}
      </div>
    </>
  );
  return (
    <>
      <ErrorNotice error={text.error} onRetry={text.reload} />
      {text.value === undefined && text.error === undefined && <Waiting />}
      {text.value !== undefined && <AnnouncementCard announcement={text.value}>{facts}</AnnouncementCard>}
      {asked !== undefined && (
        <Confirm
          title={asked === 'confirm' ? words.confirmTitle(title) : words.dropTitle(title)}
          verb={words[asked]}
          danger={asked === 'confirm'}
          {...(asked === 'drop' ? { reason: words.reason } : {})}
          busy={answer.busy}
          error={answer.error}
          onConfirm={(reason) => answer.run(asked, reason)}
          onClose={() => {
            setAsked(undefined);
            answer.clear();
          }}
        >
          {asked === 'confirm' ? `${words.confirmWhy} ${words.areas}: ${where}.` : words.dropWhy}
        </Confirm>
      )}
    </>
  );
}

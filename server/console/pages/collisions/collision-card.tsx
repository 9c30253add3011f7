import { useState } from 'react';
import type { UndecidedList } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { useSigned } from '../../app/session.tsx';
import { Button } from '../../ui/button.tsx';
import { Confirm } from '../../ui/dialog.tsx';
import { length, when } from '../../ui/format.ts';
import { Chip } from '../../ui/notice.tsx';
import { words } from './words.ts';

type Collision = UndecidedList['undecided'][number];
type Party = Collision['first'];

/** As the API names it: an occurrence of a schedule, or what was ordered by itself. */
function decided({ scheduleId, originalAt, broadcastId }: Party): object {
  return scheduleId !== null && originalAt !== null ? { scheduleId, originalAt } : { broadcastId };
}

/** One pair: both parties, when, where, and who comes first. */
export function CollisionCard(props: {
  readonly collision: Collision;
  readonly onDecided: (said: string) => void;
}) {
  const { first, second, from, to, areaIds, speakerIds, speakers } = props.collision;
  const { may, areaName } = useSigned();
  const [chosen, setChosen] = useState<{ readonly first: Party; readonly second: Party }>();
  const decide = useAct(async (key, one: Party, other: Party, reason: string) => {
    const body = { first: decided(one), second: decided(other), reason };
    await call('POST', 'collisions/decide', { key, body });
    props.onDecided(words.decided(one.title, other.title));
  });
  const places = areaIds.map(areaName);
  if (speakerIds.length < speakers) places.push(words.elsewhere);
  return (
    <article className="card">
      <h2>{words.heading(when(from))}</h2>
      <dl className="facts">
        <dt>{words.parties}</dt>
        <dd>
          {[first, second].map((one) => (
            <div key={one.broadcastId ?? `${one.scheduleId} ${one.originalAt}`}>
              {words.planned(one.title, when(one.startsAt))}{' '}
              {one === first && <Chip kind="plain">{words.byDefault}</Chip>}
            </div>
          ))}
        </dd>
        <dt>{words.overlap}</dt>
        <dd>{words.overlapFor(length(to - from))}</dd>
        <dt>{words.where}</dt>
        <dd>{places.join(', ')}</dd>
        <dt>{words.speakers}</dt>
        <dd>{words.count(speakerIds.length, speakers)}</dd>
      </dl>
      {may('schedule:write') ? (
        <div className="actions">
          <Button onPress={() => setChosen({ first, second })}>{words.ahead(first.title)}</Button>
          <Button onPress={() => setChosen({ first: second, second: first })}>
            {words.ahead(second.title)}
          </Button>
        </div>
      ) : (
        <p className="soft">{words.readOnly}</p>
      )}
      {chosen !== undefined && (
        <Confirm
          title={words.confirmTitle(chosen.first.title)}
          verb={words.confirm}
          reason={words.reason}
          busy={decide.busy}
          error={decide.error}
          onConfirm={(reason) => decide.run(chosen.first, chosen.second, reason)}
          onClose={() => {
            setChosen(undefined);
            decide.clear();
          }}
        >
          {words.confirmWhy(chosen.first.title, when(chosen.first.startsAt), chosen.second.title)}
        </Confirm>
      )}
    </article>
  );
}

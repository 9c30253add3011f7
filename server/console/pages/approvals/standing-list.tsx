import { useState } from 'react';
import type { StandingView } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct, useLoad } from '../../api/hooks.ts';
import { useSigned } from '../../app/session.tsx';
import { Button } from '../../ui/button.tsx';
import { Confirm } from '../../ui/dialog.tsx';
import { dayOf, when } from '../../ui/format.ts';
import { Chip, ErrorNotice, Waiting } from '../../ui/notice.tsx';
import { signed } from '../../ui/signed.ts';
import { GiveStanding } from './give-standing.tsx';
import { words } from './standing-words.ts';

/** Leaves for series: those in force, and those that are over. */
export function StandingList(props: { readonly onDone: (said: string) => void }) {
  const [giving, setGiving] = useState(false);
  const [leaving, setLeaving] = useState<StandingView>();
  const list = useLoad('standing', (signal) =>
    call<{ standing: StandingView[] }>('GET', 'standing-approvals', { signal }),
  );
  const revoke = useAct(async (key, one: StandingView, reason: string) => {
    await call('POST', `standing-approvals/${one.id}/revoke`, { key, body: { reason } });
    list.reload();
    props.onDone(words.revoked(one.title));
  });
  const all = list.value?.standing ?? [];
  const inForce = all.filter(({ state }) => state === 'in_force');
  const over = all.filter(({ state }) => state !== 'in_force');
  return (
    <>
      <p>{words.why}</p>
      <div className="actions">
        <Button weight="main" onPress={() => setGiving(true)}>
          {words.give}
        </Button>
      </div>
      <ErrorNotice error={list.error} onRetry={list.reload} />
      {list.value === undefined && list.error === undefined && <Waiting />}
      {list.value !== undefined && inForce.length === 0 && <p className="soft">{words.none}</p>}
      {inForce.map((one) => (
        <StandingCard key={one.id} standing={one} onRevoke={() => setLeaving(one)} />
      ))}
      {over.length > 0 && (
        <details>
          <summary>{words.over}</summary>
          <div className="stack">
            {over.map((one) => (
              <StandingCard key={one.id} standing={one} />
            ))}
          </div>
        </details>
      )}
      {giving && (
        <GiveStanding
          onDone={(said) => {
            setGiving(false);
            list.reload();
            props.onDone(said);
          }}
          onClose={() => setGiving(false)}
        />
      )}
      {leaving !== undefined && (
        <Confirm
          title={words.revokeTitle(leaving.title)}
          verb={words.revoke}
          danger
          reason={words.reason}
          busy={revoke.busy}
          error={revoke.error}
          onConfirm={(reason) => revoke.run(leaving, reason)}
          onClose={() => setLeaving(undefined)}
        >
          {words.revokeWhy}
        </Confirm>
      )}
    </>
  );
}

function StandingCard(props: { readonly standing: StandingView; readonly onRevoke?: () => void }) {
  const { title, state, areas, exceptAreas, byName, as, at, expiresAt, maxMinutes, note, ...rest } =
    props.standing;
  const { areaName } = useSigned();
  const names = (ids: readonly string[]) => ids.map(areaName).join(', ');
  return (
    <article className="card">
      <div className="card-head">
        <h2>{title}</h2>
        <Chip kind={state === 'in_force' ? 'good' : 'plain'}>{words.states[state]}</Chip>
      </div>
      <dl className="facts">
        <dt>{words.areas}</dt>
        <dd>
          {names(areas)}
          {exceptAreas.length > 0 && `, ${words.except(names(exceptAreas))}`}
        </dd>
        <dt>{words.by}</dt>
        <dd>{signed(byName, as)}</dd>
        <dt>{words.holds}</dt>
        <dd>{words.holdsUntil(dayOf(at), dayOf(expiresAt - 1))}</dd>
      </dl>
      <p className="soft">
        {words.longest(maxMinutes, rest.terms.sessionMinutes)}
        {rest.terms.streams.length > 0 && ` ${rest.terms.streams.join(', ')}`}
      </p>
      {note !== '' && <p>{note}</p>}
      {rest.endedAt !== null && (
        <p className="soft">
          {words.endedWhy(
            signed(rest.endedByName ?? '', rest.endedAs),
            when(rest.endedAt),
            rest.endedReason ?? '',
          )}
        </p>
      )}
      {props.onRevoke !== undefined && (
        <div className="actions">
          <Button onPress={props.onRevoke}>{words.revoke}</Button>
        </div>
      )}
    </article>
  );
}

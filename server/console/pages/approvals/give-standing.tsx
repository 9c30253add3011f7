import { useState } from 'react';
import type { ScheduleView, StandingRequest } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct, useLoad } from '../../api/hooks.ts';
import { useSigned } from '../../app/session.tsx';
import { ActForm } from '../../ui/act-form.tsx';
import { byId, liesWithin } from '../../ui/area-tree.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { SelectField, TextField } from '../../ui/fields.tsx';
import { dayOf, endOfDay } from '../../ui/format.ts';
import { ErrorNotice, Notice, Waiting } from '../../ui/notice.tsx';
import { words } from './standing-words.ts';

/** Leave for what changes within a series, until a day: chosen first, nothing beforehand, then read once more and given. */
export function GiveStanding(props: {
  readonly onDone: (said: string) => void;
  readonly onClose: () => void;
}) {
  const { areaName } = useSigned();
  const [id, setId] = useState('');
  const [until, setUntil] = useState('');
  const [minutes, setMinutes] = useState('30');
  const [session, setSession] = useState('');
  const [note, setNote] = useState('');
  const [asked, setAsked] = useState(false);
  const list = useLoad('schedules', (signal) =>
    call<{ schedules: ScheduleView[] }>('GET', 'schedules', { signal }),
  );
  const schedules = (list.value?.schedules ?? []).filter(({ deletedAt }) => deletedAt === null);
  const chosen = schedules.find((one) => one.id === id);
  const give = useAct(async (key) => {
    const body: StandingRequest = {
      ...{ expiresAt: endOfDay(until), maxMinutes: Number(minutes) },
      ...(session === '' ? {} : { sessionMinutes: Number(session) }),
      ...(note.trim() === '' ? {} : { note: note.trim() }),
    };
    await call('POST', `schedules/${id}/standing-approval`, { key, body });
    props.onDone(words.done(chosen?.title ?? ''));
  });
  const back = () => {
    setAsked(false);
    give.clear();
  };
  const next = {
    ...{ busy: false, error: undefined },
    run: async () => {
      setAsked(true);
      return true;
    },
  };
  return (
    <Dialog title={asked ? words.confirmTitle : words.give} onClose={props.onClose}>
      {schedules.length === 0 && (
        <div className="stack">
          <p>{words.why}</p>
          <ErrorNotice error={list.error} onRetry={list.reload} />
          {list.error === undefined &&
            (list.value === undefined ? <Waiting /> : <Notice kind="info">{words.noSchedules}</Notice>)}
        </div>
      )}
      {schedules.length > 0 && !asked && (
        <ActForm act={next} verb={words.next} disabled={chosen === undefined || until === ''}>
          <p>{words.why}</p>
          <SelectField
            label={words.schedule}
            value={id}
            onChange={setId}
            required
            choices={[
              { value: '', label: words.choose },
              ...schedules.map(({ id: value, title, areaId }) => ({
                value,
                label: `${title} (${areaName(areaId)})`,
              })),
            ]}
          />
          <div className="filters">
            <TextField
              label={words.until}
              hint={words.untilHint}
              type="date"
              value={until}
              onChange={setUntil}
              required
            />
            <TextField label={words.minutes} type="number" value={minutes} onChange={setMinutes} required />
            <TextField
              label={words.session}
              hint={words.sessionHint}
              type="number"
              value={session}
              onChange={setSession}
            />
          </div>
          <TextField label={words.note} value={note} onChange={setNote} maxLength={512} />
          <p className="hint">{words.limits}</p>
        </ActForm>
      )}
      {asked && chosen !== undefined && (
        <ActForm act={give} verb={words.confirm} beside={<Button onPress={back}>{words.back}</Button>}>
          <Given schedule={chosen} until={until} minutes={minutes} session={session} />
        </ActForm>
      )}
    </Dialog>
  );
}

/** What the leave would be for, in words: the series, the places of it that the giver answers for, and its last day. */
function Given(props: {
  readonly schedule: ScheduleView;
  readonly until: string;
  readonly minutes: string;
  /** Empty: as long as it is now. */
  readonly session: string;
}) {
  const { title, areaId, targets } = props.schedule;
  const { areas, areaName, areasFor } = useSigned();
  const tree = byId(areas);
  const own = areasFor('announcement:approve').filter(({ id }) => liesWithin(id, targets.areas, tree));
  const ids = own.map(({ id }) => id);
  // The widest ones stand for what lies below them.
  const places = own
    .filter(({ parentId }) => parentId === null || !ids.includes(parentId))
    .map(({ id }) => areaName(id));
  const speakers = targets.speakers.length;
  const except = targets.excludeAreas.map(areaName).join(', ');
  return (
    <>
      <p>{words.confirmWhy}</p>
      <dl className="facts">
        <dt>{words.series}</dt>
        <dd>{`${title} (${areaName(areaId)})`}</dd>
        <dt>{words.areas}</dt>
        <dd>
          {[...places, ...(speakers === 0 ? [] : [words.speakers(speakers)])].join(', ')}
          {except !== '' && `, ${words.except(except)}`}
        </dd>
        <dt>{words.lastDay}</dt>
        <dd>{dayOf(endOfDay(props.until) - 1)}</dd>
      </dl>
      <p>{words.longest(Number(props.minutes), props.session === '' ? null : Number(props.session))}</p>
      <p className="hint">{words.limits}</p>
    </>
  );
}

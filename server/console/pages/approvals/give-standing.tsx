import { useState } from 'react';
import type { ScheduleView, StandingRequest } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct, useLoad } from '../../api/hooks.ts';
import { useSigned } from '../../app/session.tsx';
import { ActForm } from '../../ui/act-form.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { SelectField, TextField } from '../../ui/fields.tsx';
import { endOfDay, isoDay } from '../../ui/format.ts';
import { ErrorNotice, Notice, Waiting } from '../../ui/notice.tsx';
import { words } from './standing-words.ts';

const DAY_MS = 24 * 3_600_000;

/** Leave for what changes within a series, until a day. */
export function GiveStanding(props: {
  readonly onDone: (said: string) => void;
  readonly onClose: () => void;
}) {
  const { session, areaName } = useSigned();
  const [chosen, setChosen] = useState<string>();
  const [until, setUntil] = useState(isoDay(session.now + 180 * DAY_MS));
  const [minutes, setMinutes] = useState('30');
  const [note, setNote] = useState('');
  const list = useLoad('schedules', (signal) =>
    call<{ schedules: ScheduleView[] }>('GET', 'schedules', { signal }),
  );
  const schedules = (list.value?.schedules ?? []).filter(({ deletedAt }) => deletedAt === null);
  const id = chosen ?? schedules[0]?.id ?? '';
  const give = useAct(async (key) => {
    const body: StandingRequest = {
      ...{ expiresAt: endOfDay(until), maxMinutes: Number(minutes) },
      ...(note.trim() === '' ? {} : { note: note.trim() }),
    };
    await call('POST', `schedules/${id}/standing-approval`, { key, body });
    props.onDone(words.done(schedules.find((one) => one.id === id)?.title ?? ''));
  });
  return (
    <Dialog title={words.give} onClose={props.onClose}>
      {schedules.length === 0 ? (
        <div className="stack">
          <p>{words.why}</p>
          <ErrorNotice error={list.error} onRetry={list.reload} />
          {list.error === undefined &&
            (list.value === undefined ? <Waiting /> : <Notice kind="info">{words.noSchedules}</Notice>)}
        </div>
      ) : (
        <ActForm act={give} verb={words.confirm}>
          <p>{words.why}</p>
          <SelectField
            label={words.schedule}
            value={id}
            onChange={setChosen}
            choices={schedules.map(({ id: value, title, areaId }) => ({
              value,
              label: `${title} (${areaName(areaId)})`,
            }))}
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
          </div>
          <TextField label={words.note} value={note} onChange={setNote} maxLength={512} />
          <p className="hint">{words.limits}</p>
        </ActForm>
      )}
    </Dialog>
  );
}

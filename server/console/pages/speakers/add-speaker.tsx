import { type FormEvent, useState } from 'react';
import type { EnrolmentCode, SpeakerCreate, SpeakerView } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { useSigned } from '../../app/session.tsx';
import { AreaField } from '../../ui/area-field.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { CheckField, SelectField, TextField } from '../../ui/fields.tsx';
import { suggestedName } from '../../ui/login-name.ts';
import { ErrorNotice } from '../../ui/notice.tsx';
import { words } from './words.ts';

/** A new loudspeaker with its first enrolment code, both shown once. */
export interface NewSpeaker {
  readonly speaker: SpeakerView;
  readonly enrolment: EnrolmentCode;
}

export function AddSpeaker(props: {
  readonly onMade: (made: NewSpeaker) => void;
  readonly onClose: () => void;
}) {
  const { areasFor } = useSigned();
  const allowed = areasFor('speaker:provision');
  const [areaId, setAreaId] = useState((allowed[1] ?? allowed[0])?.id ?? '');
  const [name, setName] = useState('');
  const [ownId, setOwnId] = useState<string>();
  const [hours, setHours] = useState('72');
  const [sensitive, setSensitive] = useState(false);
  const id = ownId ?? suggestedName(name).slice(0, 48);
  const create = useAct(async (key) => {
    const body: SpeakerCreate = {
      ...{ areaId, name, sensitive, validHours: Number(hours) },
      ...(id === '' ? {} : { id }),
    };
    props.onMade(await call<NewSpeaker>('POST', 'speakers', { key, body }));
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void create.run();
  };
  return (
    <Dialog title={words.add} onClose={props.onClose}>
      <form className="stack" onSubmit={submit}>
        <TextField
          label={words.name}
          hint={words.nameHint}
          value={name}
          onChange={setName}
          maxLength={256}
          required
        />
        <AreaField label={words.area} permission="speaker:provision" value={areaId} onChange={setAreaId} />
        <TextField
          label={words.id}
          hint={words.idHint}
          value={id}
          onChange={setOwnId}
          pattern="[A-Za-z0-9][A-Za-z0-9._\-]{0,63}"
          maxLength={64}
          required
          mono
        />
        <SelectField label={words.hours} value={hours} onChange={setHours} choices={words.hourChoices} />
        <CheckField label={words.sensitive} checked={sensitive} onChange={setSensitive} />
        <ErrorNotice error={create.error} />
        <div className="actions">
          <Button submits weight="main" busy={create.busy}>
            {words.create}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

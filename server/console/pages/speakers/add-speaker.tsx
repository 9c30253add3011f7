import { useState } from 'react';
import type { EnrolmentCode, SpeakerCreate, SpeakerView } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { ActForm } from '../../ui/act-form.tsx';
import { AreaField, useOnlyArea, usePlaced } from '../../ui/area-field.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { CheckField, SelectField } from '../../ui/fields.tsx';
import { NameFields, useNames } from '../../ui/name-fields.tsx';
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
  const onlyArea = useOnlyArea('speaker:provision');
  const [areaId, setAreaId] = useState(onlyArea);
  const names = useNames(48);
  const [hours, setHours] = useState('72');
  const [sensitive, setSensitive] = useState(false);
  const create = useAct(async (key) => {
    const { name, id } = names;
    const body: SpeakerCreate = {
      ...{ areaId, name, sensitive, validHours: Number(hours) },
      ...(id === '' ? {} : { id }),
    };
    props.onMade(await call<NewSpeaker>('POST', 'speakers', { key, body }));
  });
  const { act, missing } = usePlaced(create, areaId !== '');
  return (
    <Dialog title={words.add} onClose={props.onClose}>
      <ActForm act={act} verb={words.create}>
        <NameFields
          names={names}
          label={words.name}
          hint={words.nameHint}
          idLabel={words.id}
          idHint={words.idHint}
          idPattern="[A-Za-z0-9][A-Za-z0-9._\-]{0,63}"
        />
        <AreaField
          label={words.area}
          permission="speaker:provision"
          value={areaId}
          missing={missing}
          onChange={setAreaId}
        />
        <SelectField label={words.hours} value={hours} onChange={setHours} choices={words.hourChoices} />
        <CheckField label={words.sensitive} checked={sensitive} onChange={setSensitive} />
      </ActForm>
    </Dialog>
  );
}

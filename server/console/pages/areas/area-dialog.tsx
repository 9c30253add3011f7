import { useState } from 'react';
import type { AreaChange, AreaKindEffect, AreaView } from '#protocols';
import { call, query } from '../../api/client.ts';
import { useAct, useLoad } from '../../api/hooks.ts';
import { ActForm } from '../../ui/act-form.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { SelectField, TextField } from '../../ui/fields.tsx';
import { ErrorNotice, Notice, Waiting } from '../../ui/notice.tsx';
import { words } from './words.ts';

/** What levels are called; anything else can be written. Wide ones first, communes, then what lies in them. */
const KINDS = [
  ...['tỉnh', 'thành phố'],
  ...['xã', 'phường', 'thị trấn', 'đặc khu'],
  ...['thôn', 'ấp', 'bản', 'làng', 'buôn', 'tổ dân phố', 'khu phố', 'khóm'],
];
const OTHER = '';

/** Another name or kind of an area: entered, read once more with what it changes, and saved. */
export function AreaDialog(props: {
  readonly area: AreaView;
  readonly onSaved: (name: string) => void;
  readonly onClose: () => void;
}) {
  const { area, onSaved, onClose } = props;
  const [listed, setListed] = useState(area.kind);
  const [written, setWritten] = useState('');
  const [name, setName] = useState(area.name);
  const [asked, setAsked] = useState(false);
  const kind = listed === OTHER ? written.trim().replace(/\s+/g, ' ') : listed;
  const wanted: AreaChange = {
    ...(kind === area.kind ? {} : { kind }),
    ...(name.trim() === area.name ? {} : { name: name.trim() }),
  };
  const after = `${kind} ${name.trim()}`;
  const effect = useLoad(asked && wanted.kind !== undefined ? kind : null, (signal) =>
    call<AreaKindEffect>('GET', `areas/${area.id}/kind${query({ kind })}`, { signal }),
  );
  const save = useAct(async (key) => {
    await call('PATCH', `areas/${area.id}`, { key, body: wanted });
    onSaved(after);
  });
  const back = () => {
    setAsked(false);
    save.clear();
  };
  const next = {
    ...{ busy: false, error: undefined },
    run: async () => {
      setAsked(true);
      return true;
    },
  };
  const kinds = KINDS.includes(area.kind) ? KINDS : [area.kind, ...KINDS];
  if (!asked)
    return (
      <Dialog title={words.editTitle(`${area.kind} ${area.name}`)} onClose={onClose}>
        <ActForm
          key="enter"
          act={next}
          verb={words.next}
          disabled={kind === '' || name.trim() === '' || Object.keys(wanted).length === 0}
        >
          <SelectField
            label={words.kind}
            hint={words.kindHint}
            value={listed}
            onChange={setListed}
            choices={[
              ...kinds.map((one) => ({ value: one, label: one })),
              { value: OTHER, label: words.otherKind },
            ]}
          />
          {listed === OTHER && (
            <TextField label={words.ownKind} value={written} onChange={setWritten} maxLength={32} required />
          )}
          <TextField
            label={words.name}
            hint={words.nameHint}
            value={name}
            onChange={setName}
            maxLength={256}
            required
          />
        </ActForm>
      </Dialog>
    );
  const known = wanted.kind === undefined || effect.value !== undefined;
  return (
    <Dialog title={words.confirmTitle} onClose={onClose}>
      <ActForm
        key="confirm"
        act={save}
        verb={words.save}
        disabled={!known}
        beside={<Button onPress={back}>{words.back}</Button>}
      >
        <dl className="facts">
          <dt>{words.before}</dt>
          <dd>
            {area.kind} {area.name}
          </dd>
          <dt>{words.after}</dt>
          <dd>
            <b>{after}</b>
          </dd>
        </dl>
        {wanted.name !== undefined && <p>{words.renamed}</p>}
        <ErrorNotice error={effect.error} onRetry={effect.reload} />
        {!known && effect.error === undefined && <Waiting />}
        {known && <Effect effect={effect.value} area={after} />}
      </ActForm>
    </Dialog>
  );
}

/** When two persons are needed from then on. */
function Effect(props: { readonly effect: AreaKindEffect | undefined; readonly area: string }) {
  const { effect, area } = props;
  if (effect === undefined || effect.before.level === effect.after.level)
    return <Notice kind="info">{words.unchanged}</Notice>;
  const { before, after } = effect;
  switch (after.level) {
    case 'commune':
      return (
        <>
          <Notice kind="info">{words.becomesCommune(area)}</Notice>
          {before.communes > 0 && <Notice kind="warning">{words.swallows(before.communes)}</Notice>}
        </>
      );
    case 'above':
      return <Notice kind="info">{words.becomesAbove(area, after.communes)}</Notice>;
    case 'outside':
      return <Notice kind="warning">{words.becomesOutside(area)}</Notice>;
    case 'whole':
      return <Notice kind="warning">{words.becomesWhole}</Notice>;
    case 'inside':
      return <Notice kind="info">{words.unchanged}</Notice>;
  }
}

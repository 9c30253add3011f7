import { type FormEvent, useState } from 'react';
import type { BackupDestination, BackupSettings, BackupState } from '#protocols';
import { call, newKey } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { useSigned } from '../../app/session.tsx';
import { Button } from '../../ui/button.tsx';
import { Confirm, Dialog } from '../../ui/dialog.tsx';
import { SelectField, TextField } from '../../ui/fields.tsx';
import { size, when } from '../../ui/format.ts';
import { Chip, ErrorNotice } from '../../ui/notice.tsx';
import { words } from './words.ts';

const KINDS = (['drive', 'share', 'folder'] as const).map((value) => ({ value, label: words.kinds[value] }));

/** Where backups are copied to. */
export function PlacesCard(props: { readonly state: BackupState; readonly onChanged: () => void }) {
  const { settings, destinations } = props.state;
  const { may } = useSigned();
  const [adding, setAdding] = useState(false);
  const [leaving, setLeaving] = useState<BackupDestination>();
  const save = useAct(async (key, next: BackupSettings) => {
    await call('PUT', 'backups/settings', { key, body: next });
    props.onChanged();
  });
  return (
    <section className="card">
      <h2>{words.places}</h2>
      <ul className="rows">
        {settings.destinations.map((place) => {
          const found = destinations.find(({ id }) => id === place.id);
          const newest = found?.backups.reduce((last, { at }) => Math.max(last, at), 0) ?? 0;
          return (
            <li key={place.id}>
              <div>
                <b>{place.name}</b>
                <div className="soft small">
                  {words.kinds[place.kind]}, <span className="mono">{place.folder}</span>
                </div>
                <div className="soft small">
                  {[
                    ...(found?.freeBytes == null ? [] : [words.free(size(found.freeBytes))]),
                    words.copies(found?.backups.length ?? 0),
                    ...(newest === 0 ? [] : [words.newest(when(newest))]),
                  ].join(', ')}
                </div>
                {found !== undefined && !found.present && found.reason !== null && (
                  <div className="soft small">{found.reason}</div>
                )}
              </div>
              <div className="chips">
                <Chip kind={found?.present ? 'good' : 'warning'}>
                  {found?.present ? words.present : words.absent}
                </Chip>
                {found?.present && !found.leavesBox && <Chip kind="plain">{words.sameBox}</Chip>}
              </div>
              {may('backup:write') && (
                <Button label={`${words.removePlace}: ${place.name}`} onPress={() => setLeaving(place)}>
                  {words.removePlace}
                </Button>
              )}
            </li>
          );
        })}
      </ul>
      {may('backup:write') && (
        <div className="actions">
          <Button onPress={() => setAdding(true)}>{words.addPlace}</Button>
        </div>
      )}
      {adding && (
        <AddPlace
          save={(place) => save.run({ ...settings, destinations: [...settings.destinations, place] })}
          busy={save.busy}
          error={save.error}
          onClose={() => {
            setAdding(false);
            save.clear();
          }}
        />
      )}
      {leaving !== undefined && (
        <Confirm
          title={`${words.removePlace}: ${leaving.name}`}
          verb={words.removePlace}
          danger
          busy={save.busy}
          error={save.error}
          onConfirm={() =>
            save.run({
              ...settings,
              destinations: settings.destinations.filter(({ id }) => id !== leaving.id),
            })
          }
          onClose={() => setLeaving(undefined)}
        >
          {words.removePlaceWhy}
        </Confirm>
      )}
    </section>
  );
}

function AddPlace(props: {
  readonly save: (place: BackupDestination) => Promise<boolean>;
  readonly busy: boolean;
  readonly error: unknown;
  readonly onClose: () => void;
}) {
  const [id] = useState(() => `place-${newKey().slice(0, 8)}`);
  const [name, setName] = useState('');
  const [kind, setKind] = useState<BackupDestination['kind']>('drive');
  const [folder, setFolder] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void props.save({ id, name, kind, folder }).then((done) => {
      if (done) props.onClose();
    });
  };
  return (
    <Dialog title={words.addPlace} onClose={props.onClose}>
      <form className="stack" onSubmit={submit}>
        <TextField
          label={words.placeName}
          hint={words.placeNameHint}
          value={name}
          onChange={setName}
          maxLength={256}
          required
        />
        <SelectField
          label={words.placeKind}
          value={kind}
          onChange={(value) => setKind(value as BackupDestination['kind'])}
          choices={KINDS}
        />
        <TextField
          label={words.placeFolder}
          hint={words.placeFolderHint}
          value={folder}
          onChange={setFolder}
          pattern="/.+"
          maxLength={512}
          required
          mono
        />
        <ErrorNotice error={props.error} />
        <div className="actions">
          <Button submits weight="main" busy={props.busy}>
            {words.save}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

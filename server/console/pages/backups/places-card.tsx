import { useState } from 'react';
import type { BackupDestination, BackupSettings, BackupState } from '#protocols';
import { call, newKey } from '../../api/client.ts';
import { sentenceOfTold } from '../../api/error-words.ts';
import { useAct } from '../../api/hooks.ts';
import { useSigned } from '../../app/session.tsx';
import { ActForm } from '../../ui/act-form.tsx';
import { Button } from '../../ui/button.tsx';
import { Confirm, Dialog } from '../../ui/dialog.tsx';
import { SelectField, TextField } from '../../ui/fields.tsx';
import { size, when } from '../../ui/format.ts';
import { Chip } from '../../ui/notice.tsx';
import { words } from './words.ts';

const KINDS = (['drive', 'share', 'folder'] as const).map((value) => ({ value, label: words.kinds[value] }));

/** Where backups are copied to. */
export function PlacesCard(props: { readonly state: BackupState; readonly onChanged: () => void }) {
  const { settings, destinations } = props.state;
  const { may } = useSigned();
  const [adding, setAdding] = useState(false);
  const [leaving, setLeaving] = useState<BackupDestination>();
  const drop = useAct(async (key, id: string) => {
    const body = { ...settings, destinations: settings.destinations.filter((place) => place.id !== id) };
    await call('PUT', 'backups/settings', { key, body });
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
                {found?.problem != null && <div className="soft small">{sentenceOfTold(found.problem)}</div>}
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
        <AddPlace settings={settings} onChanged={props.onChanged} onClose={() => setAdding(false)} />
      )}
      {leaving !== undefined && (
        <Confirm
          title={`${words.removePlace}: ${leaving.name}`}
          verb={words.removePlace}
          danger
          busy={drop.busy}
          error={drop.error}
          onConfirm={() => drop.run(leaving.id)}
          onClose={() => {
            setLeaving(undefined);
            drop.clear();
          }}
        >
          {words.removePlaceWhy}
        </Confirm>
      )}
    </section>
  );
}

function AddPlace(props: {
  readonly settings: BackupSettings;
  readonly onChanged: () => void;
  readonly onClose: () => void;
}) {
  const { settings, onChanged, onClose } = props;
  const [id] = useState(() => `place-${newKey().slice(0, 8)}`);
  const [name, setName] = useState('');
  const [kind, setKind] = useState<BackupDestination['kind']>('drive');
  const [folder, setFolder] = useState('');
  const save = useAct(async (key) => {
    const destinations = [...settings.destinations, { id, name, kind, folder }];
    await call('PUT', 'backups/settings', { key, body: { ...settings, destinations } });
    onChanged();
    onClose();
  });
  return (
    <Dialog title={words.addPlace} onClose={onClose}>
      <ActForm act={save} verb={words.save}>
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
      </ActForm>
    </Dialog>
  );
}

import { useState } from 'react';
import type { BackupSettings } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { ActForm } from '../../ui/act-form.tsx';
import { TextField } from '../../ui/fields.tsx';
import { Notice } from '../../ui/notice.tsx';
import { words } from './words.ts';

/** When backups are made, and when somebody is to be told that none leaves the box. */
export function SettingsCard(props: { readonly settings: BackupSettings; readonly onChanged: () => void }) {
  const { settings, onChanged } = props;
  const [at, setAt] = useState(settings.at);
  const [days, setDays] = useState(String(settings.alarmDays));
  const [saved, setSaved] = useState(false);
  const save = useAct(async (key) => {
    setSaved(false);
    await call('PUT', 'backups/settings', { key, body: { ...settings, at, alarmDays: Number(days) } });
    setSaved(true);
    onChanged();
  });
  return (
    <ActForm card act={save} verb={words.save} weight="plain">
      <h2>{words.settings}</h2>
      {saved && <Notice kind="good">{words.saved}</Notice>}
      <div className="filters">
        <TextField label={words.schedule} type="time" value={at} onChange={setAt} required />
        <TextField label={words.alarmDays} type="number" value={days} onChange={setDays} required />
      </div>
    </ActForm>
  );
}

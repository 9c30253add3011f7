import { useState } from 'react';
import type { RetentionSettings, StorageUse } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { ActForm } from '../../ui/act-form.tsx';
import { CheckField, TextField } from '../../ui/fields.tsx';
import { size } from '../../ui/format.ts';
import { Notice } from '../../ui/notice.tsx';
import { words } from './words.ts';

/** As `RetentionSettingsSchema` of `protocols/http` has it. */
const DAYS = { min: 30, max: 3_660 };
/** What is offered where audio was kept for ever until now. */
const HALF_A_YEAR = '180';

/** How long is kept what need not be kept for ever. */
export function RetentionCard(props: { readonly use: StorageUse; readonly onChanged: () => void }) {
  const { retention, rows, media } = props.use;
  const [health, setHealth] = useState(String(retention.healthDays));
  const [audio, setAudio] = useState(String(retention.unusedAudioDays ?? HALF_A_YEAR));
  const [forEver, setForEver] = useState(retention.unusedAudioDays === null);
  const [saved, setSaved] = useState(false);
  const save = useAct(async (key) => {
    setSaved(false);
    const body: RetentionSettings = {
      healthDays: Number(health),
      unusedAudioDays: forEver ? null : Number(audio),
    };
    await call('PUT', 'storage/retention', { key, body });
    setSaved(true);
    props.onChanged();
  });
  return (
    <ActForm card act={save} verb={words.save}>
      <h2>{words.retention}</h2>
      {saved && <Notice kind="good">{words.saved}</Notice>}
      <p>{words.forEver}</p>
      <TextField
        label={words.healthDays}
        hint={words.healthHint(rows.health.toLocaleString('vi-VN'))}
        type="number"
        {...DAYS}
        value={health}
        onChange={setHealth}
        required
      />
      <CheckField label={words.audioForEver} checked={forEver} onChange={setForEver} />
      {!forEver && (
        <TextField
          label={words.audioDays}
          hint={words.audioHint(media.unusedFiles, size(media.unusedBytes))}
          type="number"
          {...DAYS}
          value={audio}
          onChange={setAudio}
          required
        />
      )}
    </ActForm>
  );
}

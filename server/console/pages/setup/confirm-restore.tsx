import { useState } from 'react';
import type { BackupFacts } from '#protocols';
import { useAct } from '../../api/hooks.ts';
import { ActForm } from '../../ui/act-form.tsx';
import { Button } from '../../ui/button.tsx';
import { CheckField } from '../../ui/fields.tsx';
import { rootKeyCode, when } from '../../ui/format.ts';
import { Notice } from '../../ui/notice.tsx';
import { words } from './words.ts';

/** Whose backup it is: before anything is put in its place somebody compares it with the sheet, and says so. */
export function ConfirmRestore(props: {
  readonly facts: BackupFacts;
  readonly ownUrl: string;
  readonly keptUntil: number | null;
  /** With one of the root keys that were shown, and whether it is known that nobody signed it. */
  readonly onConfirm: (rootKey: string, unsigned: boolean) => Promise<void>;
  readonly onGiveUp: () => Promise<void>;
}) {
  const { facts, ownUrl, keptUntil } = props;
  const { rootKeys, signed, ofSheet, publicUrl } = facts;
  const [newest, ...earlier] = rootKeys;
  const [compared, setCompared] = useState(false);
  const [unsigned, setUnsigned] = useState(false);
  const confirm = useAct(() => props.onConfirm(newest?.fingerprint ?? '', !signed && unsigned));
  const giveUp = useAct(props.onGiveUp);
  return (
    <ActForm
      card
      act={{ ...confirm, error: confirm.error ?? giveUp.error }}
      verb={words.confirm}
      weight={signed ? 'main' : 'danger'}
      disabled={!compared || !(signed || unsigned)}
      beside={
        <Button busy={giveUp.busy} onPress={() => void giveUp.run()}>
          {words.giveUp}
        </Button>
      }
    >
      <h1>{words.whose}</h1>
      {signed ? (
        <Notice kind={ofSheet ? 'good' : 'warning'}>{ofSheet ? words.ofSheet : words.notOfSheet}</Notice>
      ) : (
        <Notice kind="bad">{words.unsigned}</Notice>
      )}
      <dl className="facts">
        <dt>{words.place}</dt>
        <dd>
          <b>{facts.place ?? words.untold}</b> <span className="soft">({facts.areaId})</span>
        </dd>
        <dt>{words.takenAt}</dt>
        <dd>{when(facts.at)}</dd>
        <dt>{words.version}</dt>
        <dd>{facts.version}</dd>
        <dt>{words.speakers}</dt>
        <dd>{facts.speakers ?? words.untold}</dd>
        <dt>{words.oldUrl}</dt>
        <dd>{publicUrl ?? words.untold}</dd>
        <dt>{words.rootKey}</dt>
        <dd>
          <b className="mono">{rootKeyCode(newest?.fingerprint ?? '')}</b>
          <div className="soft small">
            {words.rawKey} <span className="mono">{newest?.publicKey}</span>
          </div>
          {earlier.map(({ fingerprint }) => (
            <div key={fingerprint} className="soft small">
              {words.earlierKey} <span className="mono">{rootKeyCode(fingerprint)}</span>
            </div>
          ))}
        </dd>
      </dl>
      {publicUrl !== null && publicUrl !== ownUrl && (
        <Notice kind="warning">{words.otherUrl(publicUrl, ownUrl)}</Notice>
      )}
      {!signed && <CheckField label={words.unsignedKnown} checked={unsigned} onChange={setUnsigned} />}
      <CheckField label={words.compared} checked={compared} onChange={setCompared} />
      {keptUntil !== null && <p className="soft">{words.waitsUntil(when(keptUntil))}</p>}
    </ActForm>
  );
}

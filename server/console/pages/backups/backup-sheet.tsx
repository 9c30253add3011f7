import { useState } from 'react';
import type { BackupSheet } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { useGate } from '../../app/session.tsx';
import { stationName } from '../../app/words.ts';
import { Button } from '../../ui/button.tsx';
import { Code } from '../../ui/code.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { CheckField } from '../../ui/fields.tsx';
import { dayOf, rootKeyCode } from '../../ui/format.ts';
import { ErrorNotice, Notice } from '../../ui/notice.tsx';
import { words } from './words.ts';

/** A new passphrase and its sheet, shown once. */
export function NewSheet(props: { readonly onMade: () => void; readonly onClose: () => void }) {
  const [sheet, setSheet] = useState<BackupSheet>();
  const [printed, setPrinted] = useState(false);
  const make = useAct(async (key) => {
    setSheet(await call<BackupSheet>('POST', 'backups/passphrase', { key, body: {} }));
    props.onMade();
  });
  if (sheet === undefined)
    return (
      <Dialog title={words.newSheet} onClose={props.onClose}>
        <div className="stack">
          <p>{words.newSheetWhy}</p>
          <ErrorNotice error={make.error} />
          <div className="actions">
            <Button weight="main" busy={make.busy} onPress={() => void make.run()}>
              {words.makeSheet}
            </Button>
          </div>
        </div>
      </Dialog>
    );
  // What is shown once is not lost by a slip of the hand.
  const close = () => {
    if (printed || sheet.passphrase === null) props.onClose();
  };
  return (
    <Dialog title={words.sheetTitle(sheet.number)} onClose={close} wide>
      <div className="stack">
        {sheet.passphrase === null ? (
          <Notice kind="bad">{words.sheetGone}</Notice>
        ) : (
          <>
            <Notice kind="warning">{words.sheetOnce}</Notice>
            <div className="actions">
              <Button weight="main" onPress={() => window.print()}>
                {words.print}
              </Button>
              <Button disabled={!printed} onPress={close}>
                {words.close}
              </Button>
            </div>
            <CheckField label={words.printed} checked={printed} onChange={setPrinted} />
            <Sheet sheet={sheet} passphrase={sheet.passphrase} />
          </>
        )}
      </div>
    </Dialog>
  );
}

function Sheet(props: { readonly sheet: BackupSheet; readonly passphrase: string }) {
  const { number, madeAt, rootKey } = props.sheet;
  const { setup } = useGate();
  return (
    <article className="sheet">
      <p>{setup !== undefined && stationName(setup.station)}</p>
      <h1>{words.sheetTitle(number)}</h1>
      <p>{words.sheetMade(dayOf(madeAt))}</p>
      <p>{words.sheetOpens(number)}</p>
      <Code text={props.passphrase} />
      <p>{words.sheetLetters}</p>
      <p>
        {words.sheetRootKey} <b className="mono">{rootKeyCode(rootKey)}</b>
      </p>
      <h3>{words.sheetKeep}</h3>
      <ul>
        {words.sheetRules.map((rule) => (
          <li key={rule}>{rule}</li>
        ))}
      </ul>
      <h3>{words.sheetBroken}</h3>
      <ol>
        {words.sheetSteps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      <p className="sign">
        <span>{words.sheetMaker}</span>
        <span>{words.sheetKeeper}</span>
      </p>
    </article>
  );
}

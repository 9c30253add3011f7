import { useState } from 'react';
import { Button } from '../../ui/button.tsx';
import { CopyButton } from '../../ui/copy.tsx';
import { CheckField } from '../../ui/fields.tsx';
import { words } from './words.ts';

/** Shows recovery codes, once; `onDone` when the person says that they are kept. */
export function RecoveryCodes(props: {
  readonly account: string;
  readonly codes: readonly string[];
  readonly onDone: () => void;
}) {
  const [kept, setKept] = useState(false);
  return (
    <div className="stack">
      <div className="sheet">
        <h2>{words.codesTitle}</h2>
        <p>{words.codesWhy}</p>
        <p>
          {words.codesFor} <b className="mono">{props.account}</b>
        </p>
        <ul className="codes mono">
          {props.codes.map((code) => (
            <li key={code}>{code}</li>
          ))}
        </ul>
      </div>
      <div className="actions">
        <Button onPress={() => window.print()}>{words.print}</Button>
        <CopyButton text={props.codes.join('\n')} />
      </div>
      <CheckField label={words.kept} checked={kept} onChange={setKept} />
      <Button weight="main" wide disabled={!kept} onPress={props.onDone}>
        {words.done}
      </Button>
    </div>
  );
}

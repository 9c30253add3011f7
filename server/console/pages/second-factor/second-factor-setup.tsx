import { useState } from 'react';
import { call } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { makePasskey, passkeysPossible } from '../../api/passkeys.ts';
import { useGate } from '../../app/session.tsx';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/fields.tsx';
import { ErrorNotice } from '../../ui/notice.tsx';
import { type AppSecret, AppSetup, beginApp } from './app-setup.tsx';
import { words } from './words.ts';

/** Lets a person choose and set up a second factor; `onDone` when there is one. */
export function SecondFactorSetup(props: { readonly account: string; readonly onDone: () => void }) {
  const { setup } = useGate();
  const [secret, setSecret] = useState<AppSecret>();
  const [name, setName] = useState<string>(words.passkeyDefault);
  const app = useAct(async () => setSecret(await beginApp()));
  const passkey = useAct(async () => {
    const response = await makePasskey();
    await call('POST', 'account/passkeys', { body: { name: name.trim() || words.passkeyDefault, response } });
    props.onDone();
  });
  if (secret !== undefined)
    return (
      <div className="card">
        <h1>{words.app}</h1>
        <AppSetup
          account={props.account}
          secret={secret}
          onDone={props.onDone}
          onBack={() => setSecret(undefined)}
        />
      </div>
    );
  const possible = setup?.passkeys === true && passkeysPossible();
  return (
    <div className="stack">
      <div className="card">
        <h1>{words.setUpTitle}</h1>
        <p>{words.setUpWhy}</p>
      </div>
      <div className="card">
        <h2>{words.app}</h2>
        <p>{words.appWhy}</p>
        <ErrorNotice error={app.error} />
        <Button weight="main" wide busy={app.busy} onPress={() => void app.run()}>
          {words.useApp}
        </Button>
      </div>
      <div className={possible ? 'card' : 'card plain'}>
        <h2>{words.passkey}</h2>
        <p>{words.passkeyWhy}</p>
        {possible ? (
          <>
            <TextField
              label={words.passkeyName}
              hint={words.passkeyNameHint}
              value={name}
              onChange={setName}
              maxLength={64}
            />
            <ErrorNotice error={passkey.error} />
            <Button wide busy={passkey.busy} onPress={() => void passkey.run()}>
              {words.usePasskey}
            </Button>
          </>
        ) : (
          <p className="soft">{words.passkeysNot}</p>
        )}
      </div>
    </div>
  );
}

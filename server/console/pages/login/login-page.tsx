import { useState } from 'react';
import type { SessionView } from '#protocols';
import { call, isApiError } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { passkeysPossible, showPasskey } from '../../api/passkeys.ts';
import { useGate } from '../../app/session.tsx';
import { ActForm } from '../../ui/act-form.tsx';
import { Button } from '../../ui/button.tsx';
import { PasswordField, TextField } from '../../ui/fields.tsx';
import { Notice } from '../../ui/notice.tsx';
import { words } from './words.ts';

export default function LoginPage() {
  const { setup, signedIn } = useGate();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [codeWanted, setCodeWanted] = useState(false);

  const enter = useAct(async () => {
    passkey.clear();
    const proof = codeWanted ? { name, password, code } : { name, password };
    try {
      signedIn(await call<SessionView>('POST', 'session', { body: proof }));
    } catch (error) {
      if (isApiError(error, 'login.second_factor_needed') && !codeWanted) setCodeWanted(true);
      else throw error;
    }
  });
  const passkey = useAct(async () => {
    signedIn(await call<SessionView>('POST', 'session/passkey', { body: { response: await showPasskey() } }));
  });

  if (setup?.needed) return <Notice kind="info">{words.notSetUp}</Notice>;
  const way = setup?.passkeys && passkeysPossible() && (
    <Button
      wide
      busy={passkey.busy}
      onPress={() => {
        enter.clear();
        void passkey.run();
      }}
    >
      {words.byPasskey}
    </Button>
  );
  return (
    <div className="card">
      <h1>{words.title}</h1>
      <ActForm act={{ ...enter, error: enter.error ?? passkey.error }} verb={words.enter} wide beside={way}>
        <TextField
          label={words.name}
          value={name}
          onChange={setName}
          autoComplete="username"
          maxLength={128}
          required
          mono
        />
        <PasswordField
          label={words.password}
          value={password}
          onChange={setPassword}
          autoComplete="current-password"
          maxLength={1024}
          required
        />
        {codeWanted && (
          <>
            <Notice kind="info">{words.codeWanted}</Notice>
            <TextField
              label={words.code}
              hint={words.codeHint}
              value={code}
              onChange={setCode}
              autoComplete="one-time-code"
              maxLength={32}
              required
              mono
            />
          </>
        )}
      </ActForm>
      <p className="hint">{words.lost}</p>
    </div>
  );
}

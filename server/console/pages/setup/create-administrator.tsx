import { type FormEvent, useState } from 'react';
import type { SessionView, SetupRequest } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { useGate } from '../../app/session.tsx';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/fields.tsx';
import { LOGIN_NAME, suggestedName } from '../../ui/login-name.ts';
import { meetsRules, NewPasswordField } from '../../ui/new-password.tsx';
import { ErrorNotice } from '../../ui/notice.tsx';
import { words } from './words.ts';

export function CreateAdministrator(props: { readonly secret: string; readonly onBack: () => void }) {
  const { signedIn } = useGate();
  const [displayName, setDisplayName] = useState('');
  const [ownName, setOwnName] = useState<string>();
  const [password, setPassword] = useState('');
  const name = ownName ?? suggestedName(displayName);
  const create = useAct(async () => {
    const body: SetupRequest = { secret: props.secret, name, displayName, password };
    const session = await call<SessionView>('POST', 'setup', { body });
    // The secret is used up: it has no business in the address any more.
    history.replaceState(null, '', '/setup');
    signedIn(session);
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void create.run();
  };
  return (
    <form className="card" onSubmit={submit}>
      <h1>{words.create}</h1>
      <TextField
        label={words.displayName}
        value={displayName}
        onChange={setDisplayName}
        autoComplete="name"
        maxLength={256}
        required
      />
      <TextField
        label={words.name}
        hint={words.nameHint}
        value={name}
        onChange={setOwnName}
        autoComplete="username"
        pattern={LOGIN_NAME}
        maxLength={64}
        required
        mono
      />
      <NewPasswordField label={words.password} value={password} onChange={setPassword} />
      <ErrorNotice error={create.error} />
      <div className="actions">
        <Button submits weight="main" busy={create.busy} disabled={!meetsRules(password)}>
          {words.next}
        </Button>
        <Button onPress={props.onBack}>{words.back}</Button>
      </div>
    </form>
  );
}

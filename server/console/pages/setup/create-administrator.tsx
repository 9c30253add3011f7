import { useState } from 'react';
import type { SessionView, SetupRequest } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { useGate } from '../../app/session.tsx';
import { ActForm } from '../../ui/act-form.tsx';
import { Button } from '../../ui/button.tsx';
import { PersonNameFields, useNames } from '../../ui/name-fields.tsx';
import { meetsRules, NewPasswordField } from '../../ui/new-password.tsx';
import { words } from './words.ts';

export function CreateAdministrator(props: { readonly secret: string; readonly onBack: () => void }) {
  const { signedIn } = useGate();
  const names = useNames();
  const [password, setPassword] = useState('');
  const create = useAct(async () => {
    const { name: displayName, id: name } = names;
    const body: SetupRequest = { secret: props.secret, name, displayName, password };
    const session = await call<SessionView>('POST', 'setup', { body });
    // The secret is used up: it has no business in the address any more.
    history.replaceState(null, '', '/setup');
    signedIn(session);
  });
  return (
    <ActForm
      card
      act={create}
      verb={words.next}
      disabled={!meetsRules(password)}
      beside={<Button onPress={props.onBack}>{words.back}</Button>}
    >
      <h1>{words.create}</h1>
      <PersonNameFields names={names} own />
      <NewPasswordField label={words.password} value={password} onChange={setPassword} />
    </ActForm>
  );
}

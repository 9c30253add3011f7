import { type FormEvent, useState } from 'react';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/fields.tsx';
import { LOGIN_NAME } from '../../ui/login-name.ts';
import { PairingScreen } from './pairing-screen.tsx';
import { words } from './words.ts';

/** For the clerk, who knows the chairman's name but does not manage accounts. */
export default function PairingPage() {
  const [name, setName] = useState('');
  const [shown, setShown] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setShown(true);
  };
  return (
    <div className="stack">
      <h1>{words.title}</h1>
      <form className="card" onSubmit={submit}>
        <p>{words.why}</p>
        <TextField
          label={words.name}
          value={name}
          onChange={setName}
          autoComplete="off"
          pattern={LOGIN_NAME}
          maxLength={64}
          required
          mono
        />
        <div className="actions">
          <Button submits weight="main">
            {words.show}
          </Button>
        </div>
      </form>
      {shown && <PairingScreen name={name} onClose={() => setShown(false)} />}
    </div>
  );
}

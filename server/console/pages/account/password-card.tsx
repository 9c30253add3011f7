import { useState } from 'react';
import type { SessionView } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { useSigned } from '../../app/session.tsx';
import { ActForm } from '../../ui/act-form.tsx';
import { PasswordField } from '../../ui/fields.tsx';
import { meetsRules, NewPasswordField } from '../../ui/new-password.tsx';
import { Notice } from '../../ui/notice.tsx';
import { words } from './words.ts';

export function PasswordCard() {
  const { session, changed } = useSigned();
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const [done, setDone] = useState(false);
  const change = useAct(async () => {
    setDone(false);
    changed(await call<SessionView>('POST', 'account/password', { body: { current, password } }));
    setCurrent('');
    setPassword('');
    setDone(true);
  });
  return (
    <section className="card">
      <h2>{words.password}</h2>
      {done && <Notice kind="good">{words.changed}</Notice>}
      {session.factors.password ? (
        <details>
          <summary>{words.change}</summary>
          <ActForm
            act={change}
            verb={words.change}
            disabled={!meetsRules(password)}
            login={words.currentWrong}
          >
            <PasswordField
              label={words.current}
              value={current}
              onChange={setCurrent}
              autoComplete="current-password"
              maxLength={1024}
              required
            />
            <NewPasswordField label={words.next} value={password} onChange={setPassword} />
            <p className="hint">{words.changeHint}</p>
          </ActForm>
        </details>
      ) : (
        <p className="soft">{words.noPassword}</p>
      )}
    </section>
  );
}

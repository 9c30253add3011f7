import { type FormEvent, useState } from 'react';
import type { SessionView } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { useSigned } from '../../app/session.tsx';
import { Button } from '../../ui/button.tsx';
import { PasswordField } from '../../ui/fields.tsx';
import { meetsRules, NewPasswordField } from '../../ui/new-password.tsx';
import { ErrorNotice, Notice } from '../../ui/notice.tsx';
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
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void change.run();
  };
  return (
    <section className="card">
      <h2>{words.password}</h2>
      {done && <Notice kind="good">{words.changed}</Notice>}
      {session.factors.password ? (
        <details>
          <summary>{words.change}</summary>
          <form className="stack" onSubmit={submit}>
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
            <ErrorNotice error={change.error} login={words.currentWrong} />
            <div className="actions">
              <Button submits weight="main" busy={change.busy} disabled={!meetsRules(password)}>
                {words.change}
              </Button>
            </div>
          </form>
        </details>
      ) : (
        <p className="soft">{words.noPassword}</p>
      )}
    </section>
  );
}

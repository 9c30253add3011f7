import { useState } from 'react';
import type { SessionView } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { useFreshly } from '../../app/freshly.tsx';
import { useSigned } from '../../app/session.tsx';
import { ActForm } from '../../ui/act-form.tsx';
import { EmailField, emailOf } from '../../ui/email-field.tsx';
import { Notice } from '../../ui/notice.tsx';
import { words } from './words.ts';

/** Where the person's notices are mailed to. */
export function EmailCard() {
  const { session, changed } = useSigned();
  const { dialog, freshly } = useFreshly();
  const [email, setEmail] = useState(session.account.email ?? '');
  const [done, setDone] = useState(false);
  const save = useAct(async () => {
    setDone(false);
    const body = { email: emailOf(email) };
    changed(await freshly(() => call<SessionView>('POST', 'account/email', { body })));
    setDone(true);
  });
  return (
    <section className="card">
      <h2>{words.mail}</h2>
      {done && <Notice kind="good">{words.mailSaved}</Notice>}
      <ActForm act={save} verb={words.mailSave} weight="plain">
        <EmailField value={email} onChange={setEmail} own />
      </ActForm>
      {dialog}
    </section>
  );
}

import { useState } from 'react';
import { goTo, linkSecret } from '../../app/router.ts';
import { useGate } from '../../app/session.tsx';
import { Button, PageLink } from '../../ui/button.tsx';
import { Notice } from '../../ui/notice.tsx';
import { SecondFactorSetup } from '../second-factor/second-factor-setup.tsx';
import { CreateAdministrator } from './create-administrator.tsx';
import { RestoreBackup } from './restore-backup.tsx';
import { words } from './words.ts';

/** The page behind the link that a new controller prints: the first administrator, or a backup that is put back. */
export default function SetupPage() {
  const { setup, session, again } = useGate();
  // Kept from the first look on: the address is cleaned once the secret was used.
  const [secret] = useState(linkSecret);
  const [choice, setChoice] = useState<'none' | 'create' | 'restore'>('none');

  if (session != null)
    return (
      <SecondFactorSetup
        account={session.account.name}
        onDone={() => {
          goTo('/', { replace: true });
          again();
        }}
      />
    );
  if (choice === 'restore') return <RestoreBackup secret={secret} onBack={() => setChoice('none')} />;
  if (setup?.needed === false)
    return (
      <div className="stack">
        <Notice kind="good">{words.done}</Notice>
        <PageLink to="/" className="button main">
          {words.toLogin}
        </PageLink>
      </div>
    );
  if (secret === '') return <Notice kind="warning">{words.noSecret}</Notice>;
  if (choice === 'create') return <CreateAdministrator secret={secret} onBack={() => setChoice('none')} />;
  return (
    <div className="stack">
      <h1>{words.title}</h1>
      <p>{words.intro}</p>
      <section className="card">
        <h2>{words.create}</h2>
        <p>{words.createWhy}</p>
        <Button weight="main" wide onPress={() => setChoice('create')}>
          {words.create}
        </Button>
      </section>
      <section className="card">
        <h2>{words.restore}</h2>
        <p>{words.restoreWhy}</p>
        <Button wide onPress={() => setChoice('restore')}>
          {words.restore}
        </Button>
      </section>
    </div>
  );
}

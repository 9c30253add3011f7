import { useState } from 'react';
import type { Static } from 'typebox';
import type { LinkOpenedSchema, SessionView } from '#protocols';
import { call, isApiError } from '../../api/client.ts';
import { useAct, useLoad } from '../../api/hooks.ts';
import { passkeysPossible, showPasskey } from '../../api/passkeys.ts';
import { goTo, linkSecret } from '../../app/router.ts';
import { useGate } from '../../app/session.tsx';
import { ActForm } from '../../ui/act-form.tsx';
import { Button, PageLink } from '../../ui/button.tsx';
import { PasswordField, TextField } from '../../ui/fields.tsx';
import { when } from '../../ui/format.ts';
import { meetsRules, NewPasswordField } from '../../ui/new-password.tsx';
import { ErrorNotice, Notice, Waiting } from '../../ui/notice.tsx';
import { words } from './words.ts';

type Opened = Static<typeof LinkOpenedSchema>;

/** What an invitation, a reset or a phone's QR code opens. */
export default function LinkPage() {
  const [secret] = useState(linkSecret);
  const opened = useLoad(secret === '' ? null : secret, (signal) =>
    call<Opened>('POST', 'links/open', { body: { secret }, signal }),
  );
  const { signedIn } = useGate();
  const enter = (session: SessionView) => {
    signedIn(session);
    goTo('/', { replace: true });
  };
  const link = opened.value;
  if (secret === '') return <Notice kind="warning">{words.noSecret}</Notice>;
  if (link === undefined)
    return opened.error === undefined ? (
      <Waiting />
    ) : (
      <div className="stack">
        <ErrorNotice error={opened.error} />
        <PageLink to="/">{words.toLogin}</PageLink>
      </div>
    );
  return (
    <div className="card">
      <h1>{words.welcome(link.account.displayName)}</h1>
      {link.needs === 'password' ? (
        <ChoosePassword secret={secret} link={link} onDone={enter} />
      ) : (
        <PairPhone secret={secret} link={link} onDone={enter} />
      )}
      <p className="hint">{words.until(when(link.expiresAt))}</p>
    </div>
  );
}

interface PartProps {
  readonly secret: string;
  readonly link: Opened;
  readonly onDone: (session: SessionView) => void;
}

function ChoosePassword({ secret, link, onDone }: PartProps) {
  const [password, setPassword] = useState('');
  const choose = useAct(async () =>
    onDone(await call<SessionView>('POST', 'links/password', { body: { secret, password } })),
  );
  return (
    <ActForm act={choose} verb={words.choose} wide disabled={!meetsRules(password)}>
      <p>{link.kind === 'invitation' ? words.invited : words.reset}</p>
      <p>
        {words.yourName} <b className="mono">{link.account.name}</b>. {words.rememberName}
      </p>
      <input type="hidden" name="username" autoComplete="username" value={link.account.name} readOnly />
      <NewPasswordField label={words.password} value={password} onChange={setPassword} />
    </ActForm>
  );
}

function PairPhone({ secret, link, onDone }: PartProps) {
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [codeWanted, setCodeWanted] = useState(false);
  const direct = link.needs === 'nothing';
  const pair = useAct(async () => {
    const proof = direct ? {} : codeWanted ? { password, code } : { password };
    try {
      onDone(await call<SessionView>('POST', 'links/pair', { body: { secret, ...proof } }));
    } catch (error) {
      if (isApiError(error, 'login.second_factor_needed') && !codeWanted) setCodeWanted(true);
      else throw error;
    }
  });
  const byPasskey = useAct(async () => {
    const passkey = await showPasskey();
    onDone(await call<SessionView>('POST', 'links/pair', { body: { secret, passkey } }));
  });
  return (
    <ActForm
      act={{ ...pair, error: pair.error ?? byPasskey.error }}
      verb={words.enter}
      wide
      beside={
        !direct &&
        passkeysPossible() && (
          <Button wide busy={byPasskey.busy} onPress={() => void byPasskey.run()}>
            {words.byPasskey}
          </Button>
        )
      }
    >
      <h2>{words.pairTitle}</h2>
      <p>{direct ? words.pairDirect : words.pairProof}</p>
      {!direct && (
        <PasswordField
          label={words.ownPassword}
          value={password}
          onChange={setPassword}
          autoComplete="current-password"
          maxLength={1024}
          required
        />
      )}
      {codeWanted && (
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
      )}
    </ActForm>
  );
}

import { useState } from 'react';
import type { SessionView } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { passkeysPossible, showPasskey } from '../../api/passkeys.ts';
import { useGate } from '../../app/session.tsx';
import { ActForm } from '../../ui/act-form.tsx';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/fields.tsx';
import { ErrorNotice } from '../../ui/notice.tsx';
import { SecondFactorSetup } from './second-factor-setup.tsx';
import { words } from './words.ts';

/** Between the password and the pages, where the account needs more than the password. */
export default function SecondFactorGate(props: { readonly session: SessionView }) {
  const { session } = props;
  const { signedIn, signedOut } = useGate();
  const logOut = useAct(async () => {
    await call('DELETE', 'session');
    signedOut();
  });
  const refresh = () => {
    void call<SessionView>('GET', 'session').then(signedIn, signedOut);
  };
  return (
    <div className="stack">
      {session.state === 'set_up_second_factor' ? (
        <SecondFactorSetup account={session.account.name} onDone={refresh} />
      ) : (
        <ConfirmSecondFactor session={session} onDone={signedIn} />
      )}
      <Button weight="quiet" busy={logOut.busy} onPress={() => void logOut.run()}>
        {words.logOut}
      </Button>
    </div>
  );
}

function ConfirmSecondFactor(props: {
  readonly session: SessionView;
  readonly onDone: (session: SessionView) => void;
}) {
  const { factors } = props.session;
  const [code, setCode] = useState('');
  const byCode = useAct(async () =>
    props.onDone(await call<SessionView>('POST', 'session/confirm', { body: { code } })),
  );
  const byPasskey = useAct(async () => {
    const passkey = await showPasskey();
    props.onDone(await call<SessionView>('POST', 'session/confirm', { body: { passkey } }));
  });
  const error = byCode.error ?? byPasskey.error;
  return (
    <div className="card">
      <h1>{words.confirmTitle}</h1>
      <p>{words.confirmWhy}</p>
      {factors.totp ? (
        <ActForm act={{ ...byCode, error }} verb={words.confirm} wide login={words.codeWrong}>
          <TextField
            label={words.confirmCode}
            value={code}
            onChange={setCode}
            autoComplete="one-time-code"
            maxLength={32}
            required
            mono
          />
        </ActForm>
      ) : (
        <ErrorNotice error={error} />
      )}
      {factors.passkeys > 0 && passkeysPossible() && (
        <Button wide busy={byPasskey.busy} onPress={() => void byPasskey.run()}>
          {words.byPasskey}
        </Button>
      )}
    </div>
  );
}

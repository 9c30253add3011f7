import { useState } from 'react';
import { call } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { useFreshly } from '../../app/freshly.tsx';
import { useSigned } from '../../app/session.tsx';
import { ActForm } from '../../ui/act-form.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/fields.tsx';
import { ErrorNotice } from '../../ui/notice.tsx';
import { type AppSecret, AppSetup, beginApp } from '../second-factor/app-setup.tsx';
import { RecoveryCodes } from '../second-factor/recovery-codes.tsx';
import { words } from './words.ts';

/** The authenticator app: set up, new recovery codes, removed. */
export function AppCard() {
  const { session, changed } = useSigned();
  const { dialog, freshly } = useFreshly();
  const [secret, setSecret] = useState<AppSecret>();
  const [asked, setAsked] = useState<'codes' | 'remove'>();
  const [codes, setCodes] = useState<readonly string[]>();
  const { factors, account } = session;
  const begin = useAct(async () => setSecret(await freshly(beginApp)));
  const close = () => {
    setSecret(undefined);
    setCodes(undefined);
    setAsked(undefined);
    changed();
  };
  return (
    <section className="card">
      <h2>{words.app}</h2>
      {dialog}
      <ErrorNotice error={begin.error} />
      {factors.totp ? (
        <>
          <p>{words.appOn(factors.recoveryCodesLeft)}</p>
          <div className="actions">
            <Button onPress={() => setAsked('codes')}>{words.newCodes}</Button>
            <Button onPress={() => setAsked('remove')}>{words.remove}</Button>
          </div>
        </>
      ) : (
        <>
          <p className="soft">{words.appOff}</p>
          <div className="actions">
            <Button busy={begin.busy} onPress={() => void begin.run()}>
              {words.setUp}
            </Button>
          </div>
        </>
      )}
      {secret !== undefined && (
        <Dialog title={words.app} onClose={close}>
          <AppSetup account={account.name} secret={secret} onDone={close} onBack={close} />
        </Dialog>
      )}
      {asked !== undefined && (
        <Dialog title={asked === 'codes' ? words.newCodes : words.remove} onClose={close}>
          {codes === undefined ? (
            <WithCode asked={asked} onCodes={setCodes} onDone={close} />
          ) : (
            <RecoveryCodes account={account.name} codes={codes} onDone={close} />
          )}
        </Dialog>
      )}
    </section>
  );
}

function WithCode(props: {
  readonly asked: 'codes' | 'remove';
  readonly onCodes: (codes: readonly string[]) => void;
  readonly onDone: () => void;
}) {
  const { asked, onCodes, onDone } = props;
  const [code, setCode] = useState('');
  const send = useAct(async () => {
    if (asked === 'remove') {
      await call('POST', 'account/totp/remove', { body: { code } });
      onDone();
    } else
      onCodes(
        (await call<{ recoveryCodes: string[] }>('POST', 'account/totp/recovery-codes', { body: { code } }))
          .recoveryCodes,
      );
  });
  return (
    <ActForm
      act={send}
      verb={asked === 'codes' ? words.newCodes : words.remove}
      weight={asked === 'remove' ? 'danger' : 'main'}
      login={words.codeWrong}
    >
      <p>{asked === 'codes' ? words.newCodesWhy : words.removeWhy}</p>
      <TextField
        label={words.code}
        value={code}
        onChange={setCode}
        autoComplete="one-time-code"
        maxLength={32}
        required
        mono
      />
    </ActForm>
  );
}

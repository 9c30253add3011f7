import { useState } from 'react';
import type { Static } from 'typebox';
import type { RecoveryCodesSchema, TotpSetupSchema } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { ActForm } from '../../ui/act-form.tsx';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/fields.tsx';
import { Qr } from '../../ui/qr.tsx';
import { RecoveryCodes } from './recovery-codes.tsx';
import { words } from './words.ts';

export type AppSecret = Static<typeof TotpSetupSchema>;

/** A new secret for an authenticator app. */
export function beginApp(): Promise<AppSecret> {
  return call<AppSecret>('POST', 'account/totp');
}

/** Sets an authenticator app up: the picture, its first code, the recovery codes. */
export function AppSetup(props: {
  readonly account: string;
  readonly secret: AppSecret;
  readonly onDone: () => void;
  readonly onBack: () => void;
}) {
  const { account, secret } = props;
  const [code, setCode] = useState('');
  const [codes, setCodes] = useState<readonly string[]>();
  const confirm = useAct(async () => {
    const answer = await call<Static<typeof RecoveryCodesSchema>>('POST', 'account/totp/confirm', {
      body: { code: code.replaceAll(' ', '') },
    });
    setCodes(answer.recoveryCodes);
  });
  if (codes !== undefined) return <RecoveryCodes account={account} codes={codes} onDone={props.onDone} />;
  return (
    <ActForm
      act={confirm}
      verb={words.confirm}
      login={words.codeWrong}
      beside={<Button onPress={props.onBack}>{words.back}</Button>}
    >
      <p>{words.scan}</p>
      <Qr svg={secret.qr} alt={words.qrAlt} />
      <details>
        <summary>{words.byHand}</summary>
        <p className="secret mono">{secret.secret.replace(/(.{4})(?=.)/g, '$1 ')}</p>
      </details>
      <p>{words.type}</p>
      <TextField
        label={words.code}
        value={code}
        onChange={setCode}
        autoComplete="one-time-code"
        inputMode="numeric"
        maxLength={7}
        required
        mono
      />
    </ActForm>
  );
}

import { type ReactNode, useCallback, useState } from 'react';
import type { SessionView } from '#protocols';
import { call, isApiError } from '../api/client.ts';
import { useAct } from '../api/hooks.ts';
import { passkeysPossible, showPasskey } from '../api/passkeys.ts';
import { words } from '../pages/second-factor/words.ts';
import { ActForm } from '../ui/act-form.tsx';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { PasswordField } from '../ui/fields.tsx';
import { ErrorNotice } from '../ui/notice.tsx';
import { useSigned } from './session.tsx';

interface Asked {
  readonly go: () => void;
  readonly giveUp: () => void;
}

/**
 * For changes that need a fresh proof of who somebody is: `freshly` runs the work, asks for the proof where the controller wants one, and
 * runs it again. `dialog` has to be on the page.
 */
export function useFreshly(): {
  readonly dialog: ReactNode;
  readonly freshly: <Value>(work: () => Promise<Value>) => Promise<Value>;
} {
  const [asked, setAsked] = useState<Asked | null>(null);
  const freshly = useCallback(async <Value,>(work: () => Promise<Value>): Promise<Value> => {
    try {
      return await work();
    } catch (error) {
      if (!isApiError(error, 'session.stale')) throw error;
      await new Promise<void>((go, refuse) => setAsked({ go, giveUp: () => refuse(error) }));
      return work();
    }
  }, []);
  const end = (done: boolean) => {
    setAsked(null);
    if (done) asked?.go();
    else asked?.giveUp();
  };
  return { dialog: asked === null ? null : <ProveAgain onEnd={end} />, freshly };
}

function ProveAgain(props: { readonly onEnd: (done: boolean) => void }) {
  const { session, changed } = useSigned();
  const [password, setPassword] = useState('');
  const prove = async (proof: object) => {
    changed(await call<SessionView>('POST', 'session/confirm', { body: proof }));
    props.onEnd(true);
  };
  const byPassword = useAct(() => prove({ password }));
  const byPasskey = useAct(async () => prove({ passkey: await showPasskey() }));
  const way = session.factors.passkeys > 0 && passkeysPossible() && (
    <Button busy={byPasskey.busy} onPress={() => void byPasskey.run()}>
      {words.byPasskey}
    </Button>
  );
  return (
    <Dialog title={words.freshTitle} onClose={() => props.onEnd(false)}>
      {session.factors.password ? (
        <ActForm
          act={{ ...byPassword, error: byPassword.error ?? byPasskey.error }}
          verb={words.confirm}
          login={words.passwordWrong}
          beside={way}
        >
          <p>{words.freshWhy}</p>
          <PasswordField
            label={words.freshPassword}
            value={password}
            onChange={setPassword}
            autoComplete="current-password"
            maxLength={1024}
            required
          />
        </ActForm>
      ) : (
        <div className="stack">
          <p>{words.freshWhy}</p>
          <ErrorNotice error={byPasskey.error} />
          <div className="actions">{way}</div>
        </div>
      )}
    </Dialog>
  );
}

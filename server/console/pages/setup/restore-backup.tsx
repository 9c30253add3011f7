import { useEffect, useId, useState } from 'react';
import type { RestoreState } from '#protocols';
import { ApiError, isApiError } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import {
  confirmRestore,
  giveUpRestore,
  restoreState,
  sendBackup,
  setupState,
  tryPassphrase,
} from '../../api/restore.ts';
import { goTo } from '../../app/router.ts';
import { useGate } from '../../app/session.tsx';
import { ActForm } from '../../ui/act-form.tsx';
import { Button } from '../../ui/button.tsx';
import { CheckField, TextField } from '../../ui/fields.tsx';
import { when } from '../../ui/format.ts';
import { ErrorNotice, Notice, Progress } from '../../ui/notice.tsx';
import { ConfirmRestore } from './confirm-restore.tsx';
import { words } from './words.ts';

const ASK_EVERY_MS = 1_000;

/** Letters and digits of what is typed, as the sheet has them. */
function letters(passphrase: string): number {
  return passphrase.replace(/[\s–—-]/g, '').length;
}

/** How far it is: the controller's own phases; `back` when it runs on what was put back, `undone` when on what was there before. */
type Phase = RestoreState['phase'] | 'sending' | 'back' | 'undone';

function failureOf(error: RestoreState['error']): ApiError | undefined {
  return error === null
    ? undefined
    : new ApiError(error.code as ApiError['code'], error.message, error.params);
}

/** Puts a backup back on a controller that nobody has set up: file, passphrase, whose it is, result. */
export function RestoreBackup(props: { readonly secret: string; readonly onBack: () => void }) {
  const { secret } = props;
  const { again } = useGate();
  const fileId = useId();
  const [file, setFile] = useState<File | null>(null);
  const [passphrase, setPassphrase] = useState('');
  const [oldOff, setOldOff] = useState(false);
  const [phase, setPhase] = useState<Phase>('none');
  const [state, setState] = useState<RestoreState>();
  const [sent, setSent] = useState({ bytes: 0, total: 0 });
  const [failure, setFailure] = useState<unknown>();
  /** The file that the controller has is the one that is chosen here. */
  const kept = state?.phase === 'failed' && state.keptUntil !== null ? state.keptUntil : null;

  const start = useAct(async () => {
    setFailure(undefined);
    if (kept === null && file === null) return;
    setPhase('sending');
    try {
      setState(
        kept === null && file !== null
          ? await sendBackup(secret, passphrase, file, (bytes, total) => setSent({ bytes, total }))
          : await tryPassphrase(secret, passphrase),
      );
      setPhase('reading');
    } catch (error) {
      setPhase('none');
      setState(undefined);
      throw error;
    }
  });

  useEffect(() => {
    // Where the page was loaded anew: what the controller has in hand goes on.
    restoreState(secret).then(
      (now) => {
        if (now.phase !== 'none') setState((before) => before ?? now);
        if (now.phase === 'reading' || now.phase === 'confirm') setPhase(now.phase);
      },
      () => undefined,
    );
  }, [secret]);

  useEffect(() => {
    if (phase !== 'reading' && phase !== 'ready') return;
    const look = async () => {
      if ((await setupState())?.needed === false) {
        setPhase('back');
        return;
      }
      try {
        const now = await restoreState(secret);
        setState(now);
        if (now.phase === 'failed') {
          setFailure(failureOf(now.error));
          setPhase('none');
        } else if (now.phase === 'ready' || now.phase === 'confirm') setPhase(now.phase);
      } catch (error) {
        const started = isApiError(error, 'link.invalid') ? await setupState() : null;
        if (started?.needed) {
          // It has started anew, and not on the backup.
          setFailure(failureOf(started.undone));
          setPhase('undone');
          // Gone for a moment, or another one already: it starts again. A refusal is another matter.
        } else if (isApiError(error, 'console.offline', 'console.unreadable', 'link.invalid', 'setup.done'))
          setPhase('ready');
        else setFailure(error);
      }
    };
    const timer = setInterval(() => void look(), ASK_EVERY_MS);
    return () => clearInterval(timer);
  }, [phase, secret]);

  const giveUp = async () => {
    await giveUpRestore(secret);
    setState(undefined);
    setFile(null);
    setPassphrase('');
    setPhase('none');
  };

  if (phase === 'back')
    return (
      <div className="stack">
        <Notice kind="good">{words.restored}</Notice>
        <Button
          weight="main"
          onPress={() => {
            goTo('/', { replace: true });
            again();
          }}
        >
          {words.toLogin}
        </Button>
      </div>
    );
  if (phase === 'undone')
    return (
      <div className="stack">
        {failure === undefined ? (
          <Notice kind="bad">{words.notRestored}</Notice>
        ) : (
          <ErrorNotice error={failure} />
        )}
        <Notice kind="info">{words.newLink}</Notice>
      </div>
    );
  if (phase === 'confirm' && state?.facts != null) {
    const { sha256 } = state.facts;
    return (
      <ConfirmRestore
        facts={state.facts}
        ownUrl={state.ownUrl}
        keptUntil={state.keptUntil}
        onConfirm={async (rootKey, unsigned) => {
          try {
            setState(await confirmRestore(secret, { sha256, rootKey, unsigned }));
            setPhase('ready');
          } catch (error) {
            // Another one was sent meanwhile, from another window: that is what is shown now.
            if (isApiError(error, 'restore.unconfirmed')) setState(await restoreState(secret));
            // Too late: it has to be sent again.
            if (!isApiError(error, 'restore.not_kept')) throw error;
            setState(undefined);
            setFailure(error);
            setPhase('none');
          }
        }}
        onGiveUp={giveUp}
      />
    );
  }
  if (phase !== 'none')
    return (
      <div className="card" aria-live="polite">
        <h1>{words.restore}</h1>
        {phase === 'sending' && <Progress label={words.sending} done={sent.bytes} of={sent.total} />}
        {phase === 'reading' && <Progress label={words.reading} done={state?.bytes} of={state?.total} />}
        {phase === 'ready' && <Progress label={words.restarting} />}
        <p className="soft">{words.keepOpen}</p>
        <ErrorNotice error={failure} />
      </div>
    );

  const sheet = /_phieu-(\d+)/.exec(file?.name ?? '')?.[1];
  return (
    <ActForm
      card
      act={{ ...start, error: start.error ?? failure }}
      verb={words.start}
      disabled={!oldOff || (file === null && kept === null)}
      beside={<Button onPress={props.onBack}>{words.back}</Button>}
    >
      <h1>{words.restore}</h1>
      {kept !== null && <Notice kind="info">{words.fileKept(when(kept))}</Notice>}
      <div className="field">
        <label htmlFor={fileId}>{words.file}</label>
        <input
          id={fileId}
          className="sr-only"
          type="file"
          accept=".tar"
          required={file === null && kept === null}
          onChange={(event) => {
            const [chosen] = event.target.files ?? [];
            if (chosen === undefined) return;
            setFile(chosen);
            // Another one than the controller has.
            setState(undefined);
          }}
        />
        <label htmlFor={fileId} className="button">
          {file === null && kept === null ? words.chooseFile : words.otherFile}
        </label>
        {file === null && kept !== null ? null : (
          <div className="hint">{file === null ? words.fileHint : words.fileChosen(file.name)}</div>
        )}
      </div>
      <TextField
        label={sheet === undefined ? words.passphrase : words.passphraseOf(sheet)}
        hint={words.passphraseHint(letters(passphrase))}
        value={passphrase}
        onChange={setPassphrase}
        autoComplete="off"
        maxLength={64}
        required
        mono
      />
      <CheckField label={words.oldOff} checked={oldOff} onChange={setOldOff} />
    </ActForm>
  );
}

import { useEffect, useId, useState } from 'react';
import type { RestoreState } from '#protocols';
import { ApiError, isApiError } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { isRestored, restoreState, sendBackup } from '../../api/restore.ts';
import { goTo } from '../../app/router.ts';
import { useGate } from '../../app/session.tsx';
import { ActForm } from '../../ui/act-form.tsx';
import { Button } from '../../ui/button.tsx';
import { CheckField, TextField } from '../../ui/fields.tsx';
import { when } from '../../ui/format.ts';
import { ErrorNotice, Notice, Progress } from '../../ui/notice.tsx';
import { words } from './words.ts';

const ASK_EVERY_MS = 1_000;

/** Letters and digits of what is typed, as the sheet has them. */
function letters(passphrase: string): number {
  return passphrase.replace(/[\s–—-]/g, '').length;
}

/** How far it is: the controller's own phases, and `back` when it runs on what was put back. */
type Phase = RestoreState['phase'] | 'sending' | 'back';

/** Puts a backup back on a controller that nobody has set up: file, passphrase, progress, result. */
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

  const start = useAct(async () => {
    if (file === null) return;
    setFailure(undefined);
    setPhase('sending');
    try {
      await sendBackup(secret, passphrase, file, (bytes, total) => setSent({ bytes, total }));
      setPhase('reading');
    } catch (error) {
      setPhase('none');
      throw error;
    }
  });

  useEffect(() => {
    if (phase !== 'reading' && phase !== 'ready') return;
    const look = async () => {
      if (await isRestored()) {
        setPhase('back');
        return;
      }
      try {
        const now = await restoreState(secret);
        setState(now);
        if (now.phase === 'failed' && now.error !== null) {
          const { code, message, params } = now.error;
          setFailure(new ApiError(code as ApiError['code'], message, params));
          setPhase('none');
        } else if (now.phase === 'ready') setPhase('ready');
      } catch (error) {
        // Gone for a moment, or another one already: it starts again. A refusal is another matter.
        if (isApiError(error, 'console.offline', 'console.unreadable', 'link.invalid', 'setup.done'))
          setPhase('ready');
        else setFailure(error);
      }
    };
    const timer = setInterval(() => void look(), ASK_EVERY_MS);
    return () => clearInterval(timer);
  }, [phase, secret]);

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
  if (phase !== 'none')
    return (
      <div className="card" aria-live="polite">
        <h1>{words.restore}</h1>
        {phase === 'sending' && <Progress label={words.sending} done={sent.bytes} of={sent.total} />}
        {phase === 'reading' && <Progress label={words.reading} done={state?.bytes} of={state?.total} />}
        {phase === 'ready' && <Progress label={words.restarting} />}
        {state?.backupAt != null && <p>{words.backupAt(when(state.backupAt))}</p>}
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
      disabled={!oldOff || file === null}
      beside={<Button onPress={props.onBack}>{words.back}</Button>}
    >
      <h1>{words.restore}</h1>
      <div className="field">
        <label htmlFor={fileId}>{words.file}</label>
        <input
          id={fileId}
          className="sr-only"
          type="file"
          accept=".tar"
          required={file === null}
          onChange={(event) => setFile(event.target.files?.[0] ?? file)}
        />
        <label htmlFor={fileId} className="button">
          {file === null ? words.chooseFile : words.otherFile}
        </label>
        <div className="hint">{file === null ? words.fileHint : words.fileChosen(file.name)}</div>
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

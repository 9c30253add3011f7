import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { ActForm } from './act-form.tsx';
import { Button } from './button.tsx';
import { LongTextField } from './fields.tsx';
import { useCountedWindow } from './held.ts';

/** A window over the page; Esc and the button close it. The browser keeps the focus inside. */
export function Dialog(props: {
  readonly title: string;
  readonly onClose: () => void;
  readonly wide?: boolean;
  readonly children: ReactNode;
}) {
  const box = useRef<HTMLDialogElement>(null);
  const title = useId();
  useCountedWindow();
  useEffect(() => {
    const dialog = box.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={box}
      className={props.wide ? 'wide' : undefined}
      aria-labelledby={title}
      onCancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
    >
      <header>
        <h2 id={title}>{props.title}</h2>
        <Button weight="quiet" onPress={props.onClose} label="Đóng">
          ✕
        </Button>
      </header>
      {props.children}
    </dialog>
  );
}

interface ConfirmProps {
  readonly title: string;
  readonly children: ReactNode;
  /** What the button does, as a verb: "Ngừng tài khoản". */
  readonly verb: string;
  readonly danger?: boolean;
  /** There is nothing to confirm as it is now. */
  readonly disabled?: boolean;
  /** Where a reason is needed: what it is asked as. */
  readonly reason?: string;
  /** Resolves with whether it was done. */
  readonly onConfirm: (reason: string) => Promise<boolean>;
  readonly onClose: () => void;
  readonly busy: boolean;
  readonly error: unknown;
}

/** Asks before something that is not easily taken back. */
export function Confirm(props: ConfirmProps) {
  const [reason, setReason] = useState('');
  const { busy, error, onConfirm, onClose } = props;
  const run = async () => {
    const done = await onConfirm(reason.trim());
    if (done) onClose();
    return done;
  };
  return (
    <Dialog title={props.title} onClose={onClose}>
      <ActForm
        act={{ run, busy, error }}
        verb={props.verb}
        weight={props.danger ? 'danger' : 'main'}
        disabled={props.disabled === true || (props.reason !== undefined && reason.trim() === '')}
        beside={<Button onPress={onClose}>Thôi</Button>}
      >
        <div>{props.children}</div>
        {props.reason !== undefined && (
          <LongTextField
            label={props.reason}
            value={reason}
            onChange={setReason}
            maxLength={512}
            hint="Lý do được ghi vào nhật ký."
            required
          />
        )}
      </ActForm>
    </Dialog>
  );
}

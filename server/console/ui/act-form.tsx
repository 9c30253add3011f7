import type { ReactNode } from 'react';
import type { Act } from '../api/hooks.ts';
import { Button, type Weight } from './button.tsx';
import { ErrorNotice } from './notice.tsx';

interface ActFormProps {
  /** What is done when the form is handed in, how far it is, and what was refused. */
  readonly act: Pick<Act<readonly []>, 'run' | 'busy' | 'error'>;
  /** What the button does, as a verb: "Tạo lời mời". */
  readonly verb: string;
  readonly weight?: Weight;
  readonly wide?: boolean;
  /** Something is missing that the fields themselves do not ask for. */
  readonly disabled?: boolean;
  /** What is said of a proof that was wrong, where only one kind was asked for. */
  readonly login?: string;
  /** Other buttons: another way, back. */
  readonly beside?: ReactNode;
  readonly card?: boolean;
  /** The fields. */
  readonly children?: ReactNode;
}

/** Fields of one act, what was refused of it, and its button, in this order everywhere. */
export function ActForm(props: ActFormProps) {
  const { act, verb, weight = 'main', wide = false, disabled = false, login, card = false } = props;
  return (
    <form
      className={card ? 'card' : 'stack'}
      onSubmit={(event) => {
        event.preventDefault();
        const form = event.currentTarget;
        void act.run().then((done) => {
          // The field that keeps it from being done, once it is drawn as such.
          if (!done)
            requestAnimationFrame(() => form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
        });
      }}
    >
      {props.children}
      <ErrorNotice error={act.error} login={login} />
      <div className="actions">
        <Button submits weight={weight} wide={wide} busy={act.busy} disabled={disabled}>
          {verb}
        </Button>
        {props.beside}
      </div>
    </form>
  );
}

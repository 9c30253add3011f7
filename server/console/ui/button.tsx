import type { ReactNode } from 'react';
import { followLink } from '../app/router.ts';

/** How much a button weighs: the one thing to do here, one of several, what does harm, or a word in a line. */
export type Weight = 'main' | 'plain' | 'danger' | 'quiet';

interface ButtonProps {
  readonly weight?: Weight;
  /** Under way: it cannot be pressed again, and says so. */
  readonly busy?: boolean;
  readonly disabled?: boolean;
  readonly onPress?: () => void;
  readonly submits?: boolean;
  readonly wide?: boolean;
  readonly label?: string;
  readonly children: ReactNode;
}

export function Button(props: ButtonProps) {
  const { weight = 'plain', busy = false, disabled = false, onPress, submits = false, wide = false } = props;
  return (
    <button
      type={submits ? 'submit' : 'button'}
      className={`button ${weight}${wide ? ' wide' : ''}`}
      disabled={disabled || busy}
      aria-busy={busy}
      aria-label={props.label}
      onClick={onPress}
    >
      {busy && <span className="spinner" aria-hidden="true" />}
      {props.children}
    </button>
  );
}

/** A link to another page of the console. */
export function PageLink(props: {
  readonly to: string;
  readonly className?: string;
  readonly children: ReactNode;
  readonly current?: boolean;
}) {
  return (
    <a
      href={props.to}
      className={props.className}
      aria-current={props.current ? 'page' : undefined}
      onClick={followLink}
    >
      {props.children}
    </a>
  );
}

import type { ReactNode } from 'react';
import { isApiError } from '../api/client.ts';
import { sentenceOf } from '../api/error-words.ts';

export function Notice(props: {
  readonly kind: 'info' | 'good' | 'warning' | 'bad';
  readonly children: ReactNode;
}) {
  return (
    <div className={`notice ${props.kind}`} role={props.kind === 'bad' ? 'alert' : 'status'}>
      {props.children}
    </div>
  );
}

/** What went wrong, where something did. `login` is said of a proof that was wrong, where only one kind was asked for. */
export function ErrorNotice(props: {
  readonly error: unknown;
  readonly onRetry?: () => void;
  readonly login?: string | undefined;
}) {
  const { error, login } = props;
  if (error === undefined || error === null) return null;
  return (
    <Notice kind="bad">
      {login !== undefined && isApiError(error, 'login.failed') ? login : sentenceOf(error)}
      {props.onRetry !== undefined && (
        <button type="button" className="button quiet" onClick={props.onRetry}>
          Thử lại
        </button>
      )}
    </Notice>
  );
}

/** A list or page that is being read for the first time. */
export function Waiting() {
  return (
    <div className="waiting" role="status">
      <span className="spinner" aria-hidden="true" /> Đang tải…
    </div>
  );
}

/** How far something is; without an end that is known it only moves. */
export function Progress(props: {
  readonly label: string;
  readonly done?: number | undefined;
  readonly of?: number | undefined;
}) {
  const { label, done, of } = props;
  const known = done !== undefined && of !== undefined && of > 0;
  return (
    <div className="progress">
      <span>{label}</span>
      {known ? <progress aria-label={label} value={done} max={of} /> : <progress aria-label={label} />}
    </div>
  );
}

/** A state in one or two words. */
export function Chip(props: {
  readonly kind: 'plain' | 'good' | 'warning' | 'bad';
  readonly children: ReactNode;
}) {
  return <span className={`chip ${props.kind}`}>{props.children}</span>;
}

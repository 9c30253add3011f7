import { type ReactNode, useId, useState } from 'react';

interface FieldProps {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly error?: string | undefined;
}

/** A label, what it is for, and what is wrong with it, tied to the control for those who hear the page. */
function Frame(props: FieldProps & { readonly id: string; readonly children: ReactNode }) {
  const { id, label, hint, error, children } = props;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children}
      {hint !== undefined && (
        <div className="hint" id={`${id}-hint`}>
          {hint}
        </div>
      )}
      {error !== undefined && (
        <div className="wrong" id={`${id}-wrong`}>
          {error}
        </div>
      )}
    </div>
  );
}

function described(id: string, { hint, error }: Pick<FieldProps, 'hint' | 'error'>): string | undefined {
  const ids = [hint === undefined ? '' : `${id}-hint`, error === undefined ? '' : `${id}-wrong`];
  return ids.filter((one) => one !== '').join(' ') || undefined;
}

interface TextProps extends FieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly type?: 'text' | 'date' | 'number' | 'time' | 'email';
  readonly name?: string;
  readonly autoComplete?: string;
  readonly inputMode?: 'text' | 'numeric';
  readonly required?: boolean;
  readonly maxLength?: number;
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly placeholder?: string;
  readonly mono?: boolean;
}

export function TextField(props: TextProps) {
  const id = useId();
  const { label, hint, error, value, onChange, type = 'text', mono = false, ...rest } = props;
  return (
    <Frame {...{ id, label, hint, error }}>
      <input
        {...rest}
        id={id}
        type={type}
        value={value}
        className={mono ? 'mono' : undefined}
        spellCheck={mono ? false : undefined}
        autoCapitalize={mono ? 'none' : undefined}
        aria-describedby={described(id, props)}
        aria-invalid={error === undefined ? undefined : true}
        onChange={(event) => onChange(event.target.value)}
      />
    </Frame>
  );
}

/** A password, which can be looked at: who types it twice blindly only mistypes it twice. */
export function PasswordField(props: Omit<TextProps, 'type' | 'mono'>) {
  const id = useId();
  const [shown, setShown] = useState(false);
  const { label, hint, error, value, onChange, ...rest } = props;
  return (
    <Frame {...{ id, label, hint, error }}>
      <div className="with-button">
        <input
          {...rest}
          id={id}
          type={shown ? 'text' : 'password'}
          value={value}
          spellCheck={false}
          autoCapitalize="none"
          aria-describedby={described(id, props)}
          aria-invalid={error === undefined ? undefined : true}
          onChange={(event) => onChange(event.target.value)}
        />
        <button type="button" className="button quiet" aria-pressed={shown} onClick={() => setShown(!shown)}>
          {shown ? 'Ẩn' : 'Hiện'}
        </button>
      </div>
    </Frame>
  );
}

export function LongTextField(
  props: FieldProps & {
    readonly value: string;
    readonly onChange: (value: string) => void;
    readonly maxLength: number;
    readonly rows?: number;
    readonly required?: boolean;
  },
) {
  const id = useId();
  return (
    <Frame {...{ id, label: props.label, hint: props.hint, error: props.error }}>
      <textarea
        id={id}
        rows={props.rows ?? 3}
        value={props.value}
        maxLength={props.maxLength}
        required={props.required}
        aria-describedby={described(id, props)}
        onChange={(event) => props.onChange(event.target.value)}
      />
    </Frame>
  );
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

export function SelectField(
  props: FieldProps & {
    readonly value: string;
    readonly onChange: (value: string) => void;
    readonly choices: readonly Choice[];
    readonly required?: boolean;
    /** As `required`, where the page says itself what is missing. */
    readonly needed?: boolean;
  },
) {
  const id = useId();
  return (
    <Frame {...{ id, label: props.label, hint: props.hint, error: props.error }}>
      <select
        id={id}
        value={props.value}
        required={props.required}
        aria-required={props.needed}
        aria-describedby={described(id, props)}
        aria-invalid={props.error === undefined ? undefined : true}
        onChange={(event) => props.onChange(event.target.value)}
      >
        {props.choices.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </Frame>
  );
}

export function CheckField(props: {
  readonly label: ReactNode;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}) {
  return (
    <label className="check">
      <input
        type="checkbox"
        checked={props.checked}
        onChange={(event) => props.onChange(event.target.checked)}
      />
      <span>{props.label}</span>
    </label>
  );
}

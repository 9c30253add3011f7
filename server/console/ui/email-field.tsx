import { useSigned } from '../app/session.tsx';
import { words } from '../app/words.ts';
import { TextField } from './fields.tsx';

/** As the API takes it: nothing typed is no address. */
export function emailOf(text: string): string | null {
  return text.trim() === '' ? null : text.trim();
}

/** Where notices are mailed to. It says so where this controller has no mail server. `own`: of who sits here, so that the browser may fill it in. */
export function EmailField(props: {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly own?: boolean;
}) {
  const { session } = useSigned();
  return (
    <TextField
      label={words.email}
      hint={
        <>
          {words.emailHint}
          {!session.sendsMail && <div>{words.emailNotSent}</div>}
        </>
      }
      type="email"
      value={props.value}
      onChange={props.onChange}
      autoComplete={props.own ? 'email' : 'off'}
      maxLength={254}
    />
  );
}

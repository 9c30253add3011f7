import { useState } from 'react';
import { words } from '../app/words.ts';
import { TextField } from './fields.tsx';
import { LOGIN_NAME, suggestedName } from './login-name.ts';

/** A name for people, and the one that is typed and stored, made of it until somebody writes another. */
export interface Names {
  readonly name: string;
  readonly id: string;
  readonly setName: (name: string) => void;
  readonly setId: (id: string) => void;
}

/** Empty names; what is suggested has at most so many letters. */
export function useNames(longest = 64): Names {
  const [name, setName] = useState('');
  const [own, setId] = useState<string>();
  return { name, id: own ?? suggestedName(name).slice(0, longest), setName, setId };
}

/** Both names of something. */
export function NameFields(props: {
  readonly names: Names;
  readonly label: string;
  readonly hint?: string;
  readonly autoComplete?: readonly [name: string, id: string];
  readonly idLabel: string;
  readonly idHint: string;
  readonly idPattern: string;
}) {
  const { names, autoComplete: [ofName, ofId] = ['off', 'off'] } = props;
  return (
    <>
      <TextField
        label={props.label}
        hint={props.hint}
        value={names.name}
        onChange={names.setName}
        autoComplete={ofName}
        maxLength={256}
        required
      />
      <TextField
        label={props.idLabel}
        hint={props.idHint}
        value={names.id}
        onChange={names.setId}
        autoComplete={ofId}
        pattern={props.idPattern}
        maxLength={64}
        required
        mono
      />
    </>
  );
}

/** A person's name and the one to log in with. `own`: of who sits here, so that the browser may fill it in. */
export function PersonNameFields(props: { readonly names: Names; readonly own?: boolean }) {
  return (
    <NameFields
      names={props.names}
      label={words.displayName}
      idLabel={words.loginName}
      idHint={words.loginNameHint}
      idPattern={LOGIN_NAME}
      autoComplete={props.own ? ['name', 'username'] : ['off', 'off']}
    />
  );
}

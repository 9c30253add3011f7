import { useState } from 'react';
import type { Act } from '../api/hooks.ts';
import { useSigned } from '../app/session.tsx';
import { byId, indented } from './area-tree.ts';
import { SelectField } from './fields.tsx';

/** What a form hands in, as `ActForm` takes it. */
type FormAct = Pick<Act<readonly []>, 'run' | 'busy' | 'error'>;

/** An act that is held back as long as not every area of its form is chosen; `missing`: it was tried so, which the fields then say. */
export function usePlaced(
  act: FormAct,
  placed: boolean,
): { readonly act: FormAct; readonly missing: boolean } {
  const [missing, setMissing] = useState(false);
  const run = async () => {
    setMissing(!placed);
    return placed && (await act.run());
  };
  return { act: { run, busy: act.busy, error: act.error }, missing };
}

const NOT_CHOSEN = 'Chọn địa bàn…';
/** Said beside the field. */
const MISSING = 'Chưa chọn địa bàn. Hãy chọn đúng nơi cần dùng, không rộng hơn.';

/** The area to begin with: the only one in which the person has this permission, and '' where there is a choice. A slip then gives nothing away. */
export function useOnlyArea(permission: string): string {
  const allowed = useSigned().areasFor(permission);
  return allowed.length === 1 ? (allowed[0]?.id ?? '') : '';
}

/**
 * One of the areas in which the person has a permission. `every`: what the choice of none is called; without it one has to be chosen, and nothing
 * is chosen as long as the value is ''. `missing`: it was handed in so.
 */
export function AreaField(props: {
  readonly label: string;
  readonly permission: string;
  readonly value: string;
  readonly onChange: (id: string) => void;
  readonly every?: string;
  readonly missing?: boolean;
  readonly hint?: string;
}) {
  const { areas, areasFor } = useSigned();
  const tree = byId(areas);
  const none = props.every ?? (props.value === '' ? NOT_CHOSEN : undefined);
  const choices = [
    ...(none === undefined ? [] : [{ value: '', label: none }]),
    ...areasFor(props.permission).map((area) => ({ value: area.id, label: indented(area, tree) })),
  ];
  return (
    <SelectField
      label={props.label}
      hint={props.hint}
      value={props.value}
      onChange={props.onChange}
      choices={choices}
      needed={props.every === undefined}
      error={props.missing === true && props.value === '' ? MISSING : undefined}
    />
  );
}

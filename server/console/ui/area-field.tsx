import { useSigned } from '../app/session.tsx';
import { byId, indented } from './area-tree.ts';
import { SelectField } from './fields.tsx';

/** One of the areas in which the person has a permission. `every`: what the choice of none is called. */
export function AreaField(props: {
  readonly label: string;
  readonly permission: string;
  readonly value: string;
  readonly onChange: (id: string) => void;
  readonly every?: string;
  readonly hint?: string;
}) {
  const { areas, areasFor } = useSigned();
  const tree = byId(areas);
  const choices = areasFor(props.permission).map((area) => ({
    value: area.id,
    label: indented(area, tree),
  }));
  return (
    <SelectField
      label={props.label}
      hint={props.hint}
      value={props.value}
      onChange={props.onChange}
      choices={props.every === undefined ? choices : [{ value: '', label: props.every }, ...choices]}
      required={props.every === undefined}
    />
  );
}

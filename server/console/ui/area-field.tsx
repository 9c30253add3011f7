import type { AreaView } from '#protocols';
import { useSigned } from '../app/session.tsx';
import { SelectField } from './fields.tsx';

/** How deep an area lies below the widest that the person sees, as spaces before its name. */
function indented(area: AreaView, byId: ReadonlyMap<string, AreaView>): string {
  let depth = 0;
  for (let at = byId.get(area.parentId ?? ''); at !== undefined; at = byId.get(at.parentId ?? '')) depth += 1;
  return `${'\u2003'.repeat(depth)}${area.kind} ${area.name}`;
}

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
  const byId = new Map(areas.map((area) => [area.id, area]));
  const choices = areasFor(props.permission).map((area) => ({
    value: area.id,
    label: indented(area, byId),
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

/** Parts of a page of which one is shown. */
export function Tabs<Name extends string>(props: {
  readonly label: string;
  readonly tabs: readonly {
    readonly name: Name;
    readonly title: string;
    readonly count?: number | undefined;
  }[];
  readonly open: Name;
  readonly onOpen: (name: Name) => void;
}) {
  return (
    <fieldset className="tabs" aria-label={props.label}>
      {props.tabs.map(({ name, title, count }) => (
        <button
          key={name}
          type="button"
          aria-pressed={name === props.open}
          onClick={() => props.onOpen(name)}
        >
          {title} {count !== undefined && count > 0 && <span className="count">{count}</span>}
        </button>
      ))}
    </fieldset>
  );
}

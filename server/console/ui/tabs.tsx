/** Parts of a page of which one is shown. */
export function Tabs<Name extends string>(props: {
  readonly label: string;
  readonly tabs: readonly {
    readonly name: Name;
    readonly title: string;
    /** Something may wait there. */
    readonly counts?: boolean;
    readonly count?: number | undefined;
  }[];
  readonly open: Name;
  readonly onOpen: (name: Name) => void;
}) {
  return (
    <fieldset className="tabs" aria-label={props.label}>
      {props.tabs.map(({ name, title, counts = false, count }) => (
        <button
          key={name}
          type="button"
          aria-pressed={name === props.open}
          onClick={() => props.onOpen(name)}
        >
          {title} {counts && <Count count={count ?? 0} />}
        </button>
      ))}
    </fieldset>
  );
}

/** How much waits. Its place stays when nothing does: what comes in while somebody is about to press moves no tab. */
function Count({ count }: { readonly count: number }) {
  return count > 0 ? (
    <span className="count">{count}</span>
  ) : (
    <span className="count none" aria-hidden="true" />
  );
}

/** Parts of a page of which one is shown. */
export function Tabs<Name extends string>(props: {
  readonly label: string;
  readonly tabs: readonly {
    readonly name: Name;
    readonly title: string;
    /** Something may wait there. */
    readonly counts?: boolean;
    readonly count?: number | undefined;
    /** There are more than were counted. */
    readonly more?: boolean;
  }[];
  readonly open: Name;
  readonly onOpen: (name: Name) => void;
}) {
  return (
    <fieldset className="tabs" aria-label={props.label}>
      {props.tabs.map(({ name, title, counts = false, count, more = false }) => (
        <button
          key={name}
          type="button"
          aria-pressed={name === props.open}
          onClick={() => props.onOpen(name)}
        >
          {title} {counts && <Count count={count ?? 0} more={more} />}
        </button>
      ))}
    </fieldset>
  );
}

/** How much waits. Its place stays when nothing does: what comes in while somebody is about to press moves no tab. */
function Count({ count, more }: { readonly count: number; readonly more: boolean }) {
  return count > 0 || more ? (
    <span className="count">{more ? `${count}+` : count}</span>
  ) : (
    <span className="count none" aria-hidden="true" />
  );
}

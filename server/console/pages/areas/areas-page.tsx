import { useState } from 'react';
import type { AreaView } from '#protocols';
import { CommuneNotice } from '../../app/commune-notice.tsx';
import { useSigned } from '../../app/session.tsx';
import { Button } from '../../ui/button.tsx';
import { Chip, Notice } from '../../ui/notice.tsx';
import { AreaDialog } from './area-dialog.tsx';
import { words } from './words.ts';

/** The territory as a tree; each area may be renamed, and said to be of another kind. */
export default function AreasPage() {
  const { areas, areasFor, areasChanged } = useSigned();
  const [open, setOpen] = useState<AreaView>();
  const [said, setSaid] = useState<string>();
  const [changes, setChanges] = useState(0);
  const own = new Set(areasFor('area:write').map(({ id }) => id));
  return (
    <div className="stack">
      <h1>{words.title}</h1>
      <p>{words.why}</p>
      <CommuneNotice key={changes} />
      {said !== undefined && <Notice kind="good">{said}</Notice>}
      <section className="card">
        <Branches below={WIDEST} branches={branchesOf(areas)} own={own} onOpen={setOpen} />
      </section>
      {open !== undefined && (
        <AreaDialog
          area={open}
          onSaved={(name) => {
            setOpen(undefined);
            setSaid(words.saved(name));
            setChanges(changes + 1);
            areasChanged();
          }}
          onClose={() => setOpen(undefined)}
        />
      )}
    </div>
  );
}

/** Stands for what lies above the widest areas that the person sees. */
const WIDEST = '';

/** The areas in use by what they lie right below. */
function branchesOf(areas: readonly AreaView[]): ReadonlyMap<string, readonly AreaView[]> {
  const inUse = areas.filter(({ retiredAt }) => retiredAt === null);
  const ids = new Set(inUse.map(({ id }) => id));
  const branches = new Map<string, AreaView[]>();
  for (const area of inUse) {
    const below = area.parentId !== null && ids.has(area.parentId) ? area.parentId : WIDEST;
    const known = branches.get(below);
    if (known === undefined) branches.set(below, [area]);
    else known.push(area);
  }
  return branches;
}

/** What lies right below an area, each with what lies below that. */
function Branches(props: {
  readonly below: string;
  readonly branches: ReadonlyMap<string, readonly AreaView[]>;
  /** Those that the person may change. */
  readonly own: ReadonlySet<string>;
  readonly onOpen: (area: AreaView) => void;
}) {
  const { below, branches, own, onOpen } = props;
  const here = branches.get(below);
  if (here === undefined) return null;
  return (
    <ul className="tree">
      {here.map((area) => {
        const name = `${area.kind} ${area.name}`;
        return (
          <li key={area.id}>
            <div className="branch">
              <span>{name}</span>
              {area.level === 'commune' && <Chip kind="good">{words.commune}</Chip>}
              {area.level === 'outside' && <Chip kind="warning">{words.outside}</Chip>}
              {own.has(area.id) && (
                <Button weight="quiet" label={words.editTitle(name)} onPress={() => onOpen(area)}>
                  {words.edit}
                </Button>
              )}
            </div>
            <Branches below={area.id} branches={branches} own={own} onOpen={onOpen} />
          </li>
        );
      })}
    </ul>
  );
}

import type { AccountView, GrantRequest } from '#protocols';
import { words as shared } from '../../app/words.ts';
import { AreaField, useOnlyArea } from '../../ui/area-field.tsx';
import { Button } from '../../ui/button.tsx';
import { SelectField, TextField } from '../../ui/fields.tsx';
import { endOfDay, isoDay, startOfDay } from '../../ui/format.ts';
import { words } from './words.ts';

const ROLES = Object.entries(shared.roles).map(([value, label]) => ({ value, label }));

/** Where somebody may give roles. */
export const PERMISSION = 'account:write';

/** A role in one area as it is edited; days as date fields have them, empty: without an end. */
export interface DraftGrant {
  readonly id: number;
  readonly role: string;
  readonly area: string;
  readonly from: string;
  readonly until: string;
}

let last = 0;

export function draftGrant(role: string, area: string, from = '', until = ''): DraftGrant {
  last += 1;
  return { id: last, role, area, from, until };
}

/** What an account has, as it is edited: a row for each area. */
export function draftsOf(account: AccountView): DraftGrant[] {
  return account.grants.flatMap(({ role, areas, from, until }) =>
    areas.map((area) =>
      draftGrant(role, area, from === null ? '' : isoDay(from), until === null ? '' : isoDay(until - 1)),
    ),
  );
}

/** What an account has, as the API takes it. */
export function heldGrants(account: AccountView): GrantRequest[] {
  return account.grants.map(({ role, areas, from, until }) => ({ role, areas, from, until }));
}

/** Whether each has its area. */
export function isPlaced(drafts: readonly DraftGrant[]): boolean {
  return drafts.every(({ area }) => area !== '');
}

/** As the API takes them; the last day is wholly in it. */
export function grantsOf(drafts: readonly DraftGrant[]): GrantRequest[] {
  return drafts.map(({ role, area, from, until }) => ({
    ...{ role, areas: [area] },
    from: from === '' ? null : startOfDay(from),
    until: until === '' ? null : endOfDay(until),
  }));
}

export function GrantsField(props: {
  readonly drafts: readonly DraftGrant[];
  /** It was handed in without an area somewhere. */
  readonly missing: boolean;
  readonly onChange: (drafts: readonly DraftGrant[]) => void;
}) {
  const { drafts, missing, onChange } = props;
  const onlyArea = useOnlyArea(PERMISSION);
  const set = (id: number, change: Partial<DraftGrant>) =>
    onChange(drafts.map((one) => (one.id === id ? { ...one, ...change } : one)));
  return (
    <fieldset className="group stack">
      <legend>{words.grants}</legend>
      {drafts.map((one) => (
        <div key={one.id} className="stack tight grant">
          <div className="filters">
            <SelectField
              label={words.role}
              value={one.role}
              onChange={(role) => set(one.id, { role })}
              choices={ROLES}
            />
            <AreaField
              label={words.area}
              permission={PERMISSION}
              missing={missing}
              value={one.area}
              onChange={(area) => set(one.id, { area })}
            />
          </div>
          {(one.role === 'deputy' || one.from !== '' || one.until !== '') && (
            <>
              <div className="filters">
                <TextField
                  label={words.from}
                  type="date"
                  value={one.from}
                  onChange={(from) => set(one.id, { from })}
                  required={one.role === 'deputy'}
                />
                <TextField
                  label={words.until}
                  type="date"
                  value={one.until}
                  onChange={(until) => set(one.id, { until })}
                  required={one.role === 'deputy'}
                />
              </div>
              <p className="hint">{words.deputyHint}</p>
            </>
          )}
          {drafts.length > 1 && (
            <Button weight="quiet" onPress={() => onChange(drafts.filter(({ id }) => id !== one.id))}>
              {words.removeGrant}
            </Button>
          )}
        </div>
      ))}
      <div>
        <Button onPress={() => onChange([...drafts, draftGrant('viewer', onlyArea)])}>
          {words.addGrant}
        </Button>
      </div>
    </fieldset>
  );
}

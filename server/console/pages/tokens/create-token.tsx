import { useState } from 'react';
import type { TokenCreate, TokenView } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { useSigned } from '../../app/session.tsx';
import { words as shared } from '../../app/words.ts';
import { ActForm } from '../../ui/act-form.tsx';
import { AreaField, useOnlyArea, usePlaced } from '../../ui/area-field.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { CheckField, SelectField, TextField } from '../../ui/fields.tsx';
import { endOfDay, isoDay } from '../../ui/format.ts';
import { MACHINE_PERMISSIONS } from './permissions.ts';
import { words } from './words.ts';

const DAY_MS = 24 * 3_600_000;
const ROLES = Object.keys(MACHINE_PERMISSIONS).map((value) => ({
  value,
  label: shared.roles[value] ?? value,
}));

export interface MadeToken {
  readonly token: TokenView;
  readonly secret: string;
}

export function CreateToken(props: {
  readonly onMade: (made: MadeToken) => void;
  readonly onClose: () => void;
}) {
  const { session } = useSigned();
  const onlyArea = useOnlyArea('token:write');
  const [name, setName] = useState('');
  const [role, setRole] = useState('viewer');
  const [area, setArea] = useState(onlyArea);
  const [scope, setScope] = useState<readonly string[]>(MACHINE_PERMISSIONS['viewer'] ?? []);
  const [until, setUntil] = useState(isoDay(session.now + 180 * DAY_MS));
  const possible = MACHINE_PERMISSIONS[role] ?? [];
  const create = useAct(async (key) => {
    const body: TokenCreate = {
      ...{ name, grants: [{ role, areas: [area] }], scope: [...scope] },
      // The last day is wholly in it.
      expiresAt: endOfDay(until),
    };
    props.onMade(await call<MadeToken>('POST', 'tokens', { key, body }));
  });
  const { act, missing } = usePlaced(create, area !== '');
  return (
    <Dialog title={words.create} onClose={props.onClose}>
      <ActForm act={act} verb={words.make} disabled={scope.length === 0}>
        <TextField
          label={words.name}
          hint={words.nameHint}
          value={name}
          onChange={setName}
          autoComplete="off"
          pattern="[a-z0-9][a-z0-9._\-]{0,63}"
          maxLength={64}
          required
          mono
        />
        <div className="filters">
          <SelectField
            label={words.role}
            value={role}
            onChange={(next) => {
              setRole(next);
              setScope(MACHINE_PERMISSIONS[next] ?? []);
            }}
            choices={ROLES}
          />
          <AreaField
            label={words.area}
            permission="token:write"
            value={area}
            missing={missing}
            onChange={setArea}
          />
        </div>
        <fieldset className="group">
          <legend>{words.scope}</legend>
          {possible.map((one) => (
            <CheckField
              key={one}
              label={words.permissions[one] ?? one}
              checked={scope.includes(one)}
              onChange={(held) => setScope(held ? [...scope, one] : scope.filter((other) => other !== one))}
            />
          ))}
        </fieldset>
        <TextField
          label={words.until}
          hint={words.untilHint}
          type="date"
          value={until}
          onChange={setUntil}
          required
        />
      </ActForm>
    </Dialog>
  );
}

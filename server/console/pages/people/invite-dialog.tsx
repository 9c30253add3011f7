import { useState } from 'react';
import type { AccountCreate, AccountView, LinkView } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { ActForm } from '../../ui/act-form.tsx';
import { useOnlyArea, usePlaced } from '../../ui/area-field.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { EmailField, emailOf } from '../../ui/email-field.tsx';
import { PersonNameFields, useNames } from '../../ui/name-fields.tsx';
import { type DraftGrant, draftGrant, GrantsField, grantsOf, isPlaced, PERMISSION } from './grants-field.tsx';
import { words } from './words.ts';

export function InviteDialog(props: {
  readonly onMade: (name: string, link: LinkView) => void;
  readonly onClose: () => void;
}) {
  const onlyArea = useOnlyArea(PERMISSION);
  const names = useNames();
  const [email, setEmail] = useState('');
  const [drafts, setDrafts] = useState<readonly DraftGrant[]>(() => [draftGrant('editor', onlyArea)]);
  const create = useAct(async (key) => {
    const body: AccountCreate = {
      ...{ name: names.id, displayName: names.name, email: emailOf(email) },
      grants: grantsOf(drafts),
    };
    const made = await call<{ account: AccountView; link: LinkView }>('POST', 'accounts', { key, body });
    props.onMade(names.name, made.link);
  });
  const { act, missing } = usePlaced(create, isPlaced(drafts));
  return (
    <Dialog title={words.invite} onClose={props.onClose}>
      <ActForm act={act} verb={words.send}>
        <p>{words.inviteWhy}</p>
        <PersonNameFields names={names} />
        <EmailField value={email} onChange={setEmail} />
        <GrantsField drafts={drafts} missing={missing} onChange={setDrafts} />
      </ActForm>
    </Dialog>
  );
}

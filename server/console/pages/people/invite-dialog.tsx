import { useState } from 'react';
import type { AccountCreate, AccountView, LinkView } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { useSigned } from '../../app/session.tsx';
import { ActForm } from '../../ui/act-form.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { EmailField, emailOf } from '../../ui/email-field.tsx';
import { PersonNameFields, useNames } from '../../ui/name-fields.tsx';
import { type DraftGrant, draftGrant, GrantsField, grantsOf } from './grants-field.tsx';
import { words } from './words.ts';

export function InviteDialog(props: {
  readonly onMade: (name: string, link: LinkView) => void;
  readonly onClose: () => void;
}) {
  const { areasFor } = useSigned();
  const names = useNames();
  const [email, setEmail] = useState('');
  const [drafts, setDrafts] = useState<readonly DraftGrant[]>(() => [
    draftGrant('editor', areasFor('account:write')[0]?.id ?? ''),
  ]);
  const create = useAct(async (key) => {
    const body: AccountCreate = {
      ...{ name: names.id, displayName: names.name, email: emailOf(email) },
      grants: grantsOf(drafts),
    };
    const made = await call<{ account: AccountView; link: LinkView }>('POST', 'accounts', { key, body });
    props.onMade(names.name, made.link);
  });
  return (
    <Dialog title={words.invite} onClose={props.onClose}>
      <ActForm act={create} verb={words.send}>
        <p>{words.inviteWhy}</p>
        <PersonNameFields names={names} />
        <EmailField value={email} onChange={setEmail} />
        <GrantsField drafts={drafts} onChange={setDrafts} />
      </ActForm>
    </Dialog>
  );
}

import { type FormEvent, useState } from 'react';
import type { AccountCreate, AccountView, LinkView } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { useSigned } from '../../app/session.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/fields.tsx';
import { LOGIN_NAME, suggestedName } from '../../ui/login-name.ts';
import { ErrorNotice } from '../../ui/notice.tsx';
import { type DraftGrant, draftGrant, GrantsField, grantsOf } from './grants-field.tsx';
import { words } from './words.ts';

export function InviteDialog(props: {
  readonly onMade: (name: string, link: LinkView) => void;
  readonly onClose: () => void;
}) {
  const { areasFor } = useSigned();
  const [displayName, setDisplayName] = useState('');
  const [ownName, setOwnName] = useState<string>();
  const [drafts, setDrafts] = useState<readonly DraftGrant[]>(() => [
    draftGrant('editor', areasFor('account:write')[0]?.id ?? ''),
  ]);
  const name = ownName ?? suggestedName(displayName);
  const create = useAct(async (key) => {
    const body: AccountCreate = { name, displayName, grants: grantsOf(drafts) };
    const made = await call<{ account: AccountView; link: LinkView }>('POST', 'accounts', { key, body });
    props.onMade(displayName, made.link);
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void create.run();
  };
  return (
    <Dialog title={words.invite} onClose={props.onClose}>
      <form className="stack" onSubmit={submit}>
        <p>{words.inviteWhy}</p>
        <TextField
          label={words.displayName}
          value={displayName}
          onChange={setDisplayName}
          autoComplete="off"
          maxLength={256}
          required
        />
        <TextField
          label={words.name}
          hint={words.nameHint}
          value={name}
          onChange={setOwnName}
          autoComplete="off"
          pattern={LOGIN_NAME}
          maxLength={64}
          required
          mono
        />
        <GrantsField drafts={drafts} onChange={setDrafts} />
        <ErrorNotice error={create.error} />
        <div className="actions">
          <Button submits weight="main" busy={create.busy}>
            {words.send}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

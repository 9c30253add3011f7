import { useState } from 'react';
import type { AccountView, LinkView } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct } from '../../api/hooks.ts';
import { useSigned } from '../../app/session.tsx';
import { words as shared } from '../../app/words.ts';
import { ActForm } from '../../ui/act-form.tsx';
import { usePlaced } from '../../ui/area-field.tsx';
import { Button } from '../../ui/button.tsx';
import { Confirm, Dialog } from '../../ui/dialog.tsx';
import { EmailField, emailOf } from '../../ui/email-field.tsx';
import { CheckField, LongTextField, TextField } from '../../ui/fields.tsx';
import { Notice } from '../../ui/notice.tsx';
import { draftsOf, GrantsField, grantsOf, heldGrants, isPlaced } from './grants-field.tsx';
import { GrantList, PersonChips } from './person-facts.tsx';
import { words } from './words.ts';

/** What is done to somebody's account with a reason, and where it lies in the API. */
type Ending = 'endSessions' | 'deactivate' | 'reactivate';
const PATHS: Readonly<Record<Ending, string>> = {
  endSessions: 'end-sessions',
  deactivate: 'deactivate',
  reactivate: 'reactivate',
};

interface PartProps {
  readonly account: AccountView;
  readonly onChanged: () => void;
  readonly onClose: () => void;
}

/** One person, and what an administrator may do about the account. */
export function PersonDialog(
  props: PartProps & {
    readonly onLink: (name: string, link: LinkView) => void;
    readonly onPair: (account: AccountView) => void;
  },
) {
  const { account, onChanged, onClose, onLink, onPair } = props;
  const { name, displayName, deactivatedAt, manageable } = account;
  const { may } = useSigned();
  const [asked, setAsked] = useState<'change' | 'reset' | Ending>();
  const [forgetSecondFactors, setForget] = useState(false);
  const end = useAct(async (key, verb: Ending, reason: string) => {
    const body = verb === 'endSessions' ? { reason, forgetSecondFactors } : { reason };
    await call('POST', `accounts/${name}/${PATHS[verb]}`, { key, body });
    onChanged();
    // Not on the list any more, unless that shows all: it must not open again by itself later.
    if (verb === 'deactivate') onClose();
  });
  if (asked === 'change')
    return <ChangeDialog {...{ account, onChanged }} onClose={() => setAsked(undefined)} />;
  if (asked === 'reset')
    return (
      <ResetDialog
        account={account}
        onLink={(link) => onLink(displayName, link)}
        onClose={() => setAsked(undefined)}
      />
    );
  if (asked !== undefined)
    return (
      <Confirm
        title={`${words[asked]}: ${displayName}`}
        verb={words[asked]}
        danger={asked === 'deactivate'}
        reason={words.reason}
        busy={end.busy}
        error={end.error}
        onConfirm={(reason) => end.run(asked, reason)}
        onClose={() => {
          setAsked(undefined);
          setForget(false);
          end.clear();
        }}
      >
        <p>{words.why[asked](displayName)}</p>
        {asked === 'endSessions' && (
          <CheckField label={words.forget} checked={forgetSecondFactors} onChange={setForget} />
        )}
      </Confirm>
    );
  return (
    <Dialog title={displayName} onClose={onClose}>
      <div className="stack">
        <PersonChips account={account} />
        <dl className="facts">
          <dt>{words.name}</dt>
          <dd className="mono">{name}</dd>
          <dt>{shared.email}</dt>
          <dd>{account.email ?? words.noEmail}</dd>
          <dt>{words.grants}</dt>
          <dd>
            <GrantList account={account} />
          </dd>
        </dl>
        {!manageable && <Notice kind="info">{words.notYours}</Notice>}
        <div className="actions">
          {may('phone:pair') && deactivatedAt === null && (
            <Button onPress={() => onPair(account)}>{words.pair}</Button>
          )}
          {manageable && deactivatedAt === null && (
            <>
              <Button onPress={() => setAsked('change')}>{words.change}</Button>
              <Button onPress={() => setAsked('reset')}>{words.reset}</Button>
              <Button onPress={() => setAsked('endSessions')}>{words.endSessions}</Button>
              <Button onPress={() => setAsked('deactivate')}>{words.deactivate}</Button>
            </>
          )}
          {manageable && deactivatedAt !== null && (
            <Button onPress={() => setAsked('reactivate')}>{words.reactivate}</Button>
          )}
        </div>
      </div>
    </Dialog>
  );
}

function ChangeDialog({ account, onChanged, onClose }: PartProps) {
  // As it was when the form was opened: what nobody touches here may be changed elsewhere meanwhile, and stays as it is there.
  const [before] = useState(() => fieldsOf(account.displayName, account.email ?? '', draftsOf(account)));
  const [grantsBefore] = useState(() => heldGrants(account));
  const [displayName, setDisplayName] = useState(account.displayName);
  const [email, setEmail] = useState(account.email ?? '');
  const [drafts, setDrafts] = useState(() => draftsOf(account) as ReturnType<typeof draftsOf>);
  const save = useAct(async (key) => {
    const fields = changed(before, fieldsOf(displayName, email, drafts));
    // They go as one list: what somebody took away meanwhile must not come back with it.
    const body = fields.grants === undefined ? fields : { ...fields, grantsBefore };
    try {
      if (Object.keys(body).length > 0) await call('PATCH', `accounts/${account.name}`, { key, body });
    } finally {
      // Where it was refused, too: a form that is opened anew shows what is there now.
      onChanged();
    }
    onClose();
  });
  const { act, missing } = usePlaced(save, isPlaced(drafts));
  return (
    <Dialog title={`${words.change}: ${account.displayName}`} onClose={onClose}>
      <ActForm act={act} verb={words.save}>
        <TextField
          label={words.displayName}
          value={displayName}
          onChange={setDisplayName}
          maxLength={256}
          required
        />
        <EmailField value={email} onChange={setEmail} />
        <GrantsField drafts={drafts} missing={missing} onChange={(next) => setDrafts([...next])} />
      </ActForm>
    </Dialog>
  );
}

function fieldsOf(displayName: string, email: string, drafts: ReturnType<typeof draftsOf>) {
  return { displayName, email: emailOf(email), grants: grantsOf(drafts) };
}

/** The fields that are not as they were. */
function changed<Fields extends object>(before: Fields, after: Fields): Partial<Fields> {
  const same = (name: keyof Fields) => JSON.stringify(before[name]) === JSON.stringify(after[name]);
  const names = (Object.keys(after) as (keyof Fields)[]).filter((name) => !same(name));
  return Object.fromEntries(names.map((name) => [name, after[name]])) as Partial<Fields>;
}

function ResetDialog(props: {
  readonly account: AccountView;
  readonly onLink: (link: LinkView) => void;
  readonly onClose: () => void;
}) {
  const { account, onLink, onClose } = props;
  const [reason, setReason] = useState('');
  const [forgetSecondFactors, setForget] = useState(false);
  const make = useAct(async (key) => {
    const body = { reason: reason.trim(), forgetSecondFactors };
    onLink(await call<LinkView>('POST', `accounts/${account.name}/reset`, { key, body }));
  });
  return (
    <Dialog title={`${words.reset}: ${account.displayName}`} onClose={onClose}>
      <ActForm act={make} verb={words.makeLink} disabled={reason.trim() === ''}>
        <p>{words.resetWhy}</p>
        <LongTextField
          label={words.reason}
          hint={words.reasonHint}
          value={reason}
          onChange={setReason}
          maxLength={512}
          required
        />
        <CheckField label={words.forget} checked={forgetSecondFactors} onChange={setForget} />
      </ActForm>
    </Dialog>
  );
}

import { useState } from 'react';
import type { AccountView, LinkView } from '#protocols';
import { call, query } from '../../api/client.ts';
import { useLoad } from '../../api/hooks.ts';
import { useSigned } from '../../app/session.tsx';
import { Button } from '../../ui/button.tsx';
import { CheckField } from '../../ui/fields.tsx';
import { ago } from '../../ui/format.ts';
import { ErrorNotice, Waiting } from '../../ui/notice.tsx';
import { PairingScreen } from '../pairing/pairing-screen.tsx';
import { InviteDialog } from './invite-dialog.tsx';
import { LinkDialog } from './link-dialog.tsx';
import { PersonDialog } from './person-dialog.tsx';
import { GrantList, PersonChips } from './person-facts.tsx';
import { words } from './words.ts';

/** Invitations are taken while this is looked at. */
const ASK_EVERY_MS = 15_000;

export default function PeoplePage() {
  const { may, session } = useSigned();
  const [deactivated, setDeactivated] = useState(false);
  const [inviting, setInviting] = useState(false);
  const [openName, setOpenName] = useState<string>();
  const [link, setLink] = useState<{ name: string; link: LinkView }>();
  const [pairing, setPairing] = useState<AccountView>();
  const list = useLoad(
    `accounts ${deactivated}`,
    (signal) =>
      call<{ accounts: AccountView[] }>('GET', `accounts${query({ deactivated: deactivated || null })}`, {
        signal,
      }),
    ASK_EVERY_MS,
  );
  const accounts = list.value?.accounts ?? [];
  const open = accounts.find(({ name }) => name === openName);
  const showLink = (name: string, made: LinkView) => {
    setInviting(false);
    setOpenName(undefined);
    setLink({ name, link: made });
    list.reload();
  };
  return (
    <div className="stack">
      <div className="page-head">
        <h1>{words.title}</h1>
        {may('account:write') && (
          <Button weight="main" onPress={() => setInviting(true)}>
            {words.invite}
          </Button>
        )}
      </div>
      <ErrorNotice error={list.error} onRetry={list.reload} />
      {list.value === undefined && list.error === undefined && <Waiting />}
      <section className="card">
        <CheckField label={words.showDeactivated} checked={deactivated} onChange={setDeactivated} />
        <ul className="rows">
          {accounts.map((account) => (
            <li key={account.name}>
              <div>
                <b>{account.displayName}</b> <span className="soft mono small">{account.name}</span>
                <GrantList account={account} />
                <div className="soft small">
                  {account.lastSeenAt === null
                    ? words.never
                    : words.lastSeen(ago(account.lastSeenAt, session.now))}
                </div>
              </div>
              <PersonChips account={account} />
              <Button
                label={`${words.manage}: ${account.displayName}`}
                onPress={() => setOpenName(account.name)}
              >
                {words.manage}
              </Button>
            </li>
          ))}
        </ul>
      </section>
      {inviting && <InviteDialog onMade={showLink} onClose={() => setInviting(false)} />}
      {open !== undefined && (
        <PersonDialog
          account={open}
          onChanged={list.reload}
          onLink={showLink}
          onPair={(account) => {
            setOpenName(undefined);
            setPairing(account);
          }}
          onClose={() => setOpenName(undefined)}
        />
      )}
      {link !== undefined && <LinkDialog {...link} onClose={() => setLink(undefined)} />}
      {pairing !== undefined && (
        <PairingScreen
          name={pairing.name}
          onClose={() => {
            setPairing(undefined);
            list.reload();
          }}
        />
      )}
    </div>
  );
}

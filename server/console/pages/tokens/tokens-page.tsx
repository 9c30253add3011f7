import { useState } from 'react';
import type { TokenView } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct, useLoad } from '../../api/hooks.ts';
import { useSigned } from '../../app/session.tsx';
import { words as shared } from '../../app/words.ts';
import { Button } from '../../ui/button.tsx';
import { CopyButton } from '../../ui/copy.tsx';
import { Confirm, Dialog } from '../../ui/dialog.tsx';
import { ago, dayOf } from '../../ui/format.ts';
import { Chip, ErrorNotice, Notice, Waiting } from '../../ui/notice.tsx';
import { PersonName } from '../../ui/person.tsx';
import { CreateToken, type MadeToken } from './create-token.tsx';
import { words } from './words.ts';

export default function TokensPage() {
  const { may, session, areaName } = useSigned();
  const [creating, setCreating] = useState(false);
  const [made, setMade] = useState<MadeToken>();
  const [leaving, setLeaving] = useState<TokenView>();
  const list = useLoad('tokens', (signal) => call<{ tokens: TokenView[] }>('GET', 'tokens', { signal }));
  const revoke = useAct(async (key, id: string) => {
    await call('DELETE', `tokens/${id}`, { key });
    list.reload();
  });
  const tokens = [...(list.value?.tokens ?? [])].sort((a, b) => b.createdAt - a.createdAt);
  const stateOf = ({ revokedAt, expiresAt }: TokenView) =>
    revokedAt !== null ? 'revoked' : expiresAt <= session.now ? 'expired' : 'active';
  return (
    <div className="stack">
      <div className="page-head">
        <h1>{words.title}</h1>
        {may('token:write') && (
          <Button weight="main" onPress={() => setCreating(true)}>
            {words.create}
          </Button>
        )}
      </div>
      <p>{words.why}</p>
      <ErrorNotice error={list.error} onRetry={list.reload} />
      {list.value === undefined && list.error === undefined && <Waiting />}
      {list.value !== undefined && (
        <section className="card">
          {tokens.length === 0 && <p className="soft">{words.none}</p>}
          <ul className="rows">
            {tokens.map((token) => {
              const state = stateOf(token);
              return (
                <li key={token.id}>
                  <div>
                    <b className="mono">{token.name}</b>
                    {token.grants.map(({ role, areas }) => (
                      <div key={`${role} ${areas.join(' ')}`}>
                        {shared.roles[role] ?? role}: {areas.map(areaName).join(', ')}
                      </div>
                    ))}
                    <details>
                      <summary>{words.scope}</summary>
                      <ul>
                        {token.scope.map((one) => (
                          <li key={one}>{words.permissions[one] ?? one}</li>
                        ))}
                      </ul>
                    </details>
                    <div className="soft small">
                      {words.by} <PersonName name={token.createdByName} login={token.createdBy} />,{' '}
                      {dayOf(token.createdAt)}; {words.expires(dayOf(token.expiresAt))};{' '}
                      {token.lastUsedAt === null
                        ? words.neverUsed
                        : words.lastUsed(ago(token.lastUsedAt, session.now))}
                    </div>
                  </div>
                  <Chip kind={state === 'active' ? 'good' : 'plain'}>{words[state]}</Chip>
                  {state === 'active' && may('token:write') && (
                    <Button label={words.revokeTitle(token.name)} onPress={() => setLeaving(token)}>
                      {words.revoke}
                    </Button>
                  )}
                </li>
              );
            })}
          </ul>
        </section>
      )}
      {creating && (
        <CreateToken
          onMade={(one) => {
            setCreating(false);
            setMade(one);
            list.reload();
          }}
          onClose={() => setCreating(false)}
        />
      )}
      {made !== undefined && (
        <Dialog title={words.secretTitle(made.token.name)} onClose={() => setMade(undefined)}>
          <div className="stack">
            <Notice kind="warning">{words.secretOnce}</Notice>
            <p className="secret mono">{made.secret}</p>
            <p className="hint">{words.secretUse}</p>
            <div className="actions">
              <CopyButton text={made.secret} />
              <Button onPress={() => setMade(undefined)}>{words.close}</Button>
            </div>
          </div>
        </Dialog>
      )}
      {leaving !== undefined && (
        <Confirm
          title={words.revokeTitle(leaving.name)}
          verb={words.revoke}
          danger
          busy={revoke.busy}
          error={revoke.error}
          onConfirm={() => revoke.run(leaving.id)}
          onClose={() => setLeaving(undefined)}
        >
          {words.revokeWhy}
        </Confirm>
      )}
    </div>
  );
}

import { useSigned } from '../../app/session.tsx';
import { words as shared } from '../../app/words.ts';
import { dayOf, when } from '../../ui/format.ts';
import { PersonName } from '../../ui/person.tsx';
import { AppCard } from './app-card.tsx';
import { EmailCard } from './email-card.tsx';
import { PasskeysCard } from './passkeys-card.tsx';
import { PasswordCard } from './password-card.tsx';
import { SessionsCard } from './sessions-card.tsx';
import { words } from './words.ts';

export default function AccountPage() {
  const { session, areaName } = useSigned();
  const { account, grants, notices } = session;
  return (
    <div className="stack">
      <h1>{words.title}</h1>
      <section className="card">
        <h2>{account.displayName}</h2>
        <dl className="facts">
          <dt>{words.name}</dt>
          <dd className="mono">{account.name}</dd>
          <dt>{words.roles}</dt>
          <dd>
            {grants.map(({ role, areas, until }) => (
              <div key={`${role} ${areas.join(' ')}`}>
                {shared.roles[role] ?? role}: {areas.map(areaName).join(', ')}
                {until !== null && `, ${words.until(dayOf(until - 1))}`}
              </div>
            ))}
          </dd>
        </dl>
      </section>
      <section className="card">
        <h2>{words.noticesTitle}</h2>
        {notices.length === 0 ? (
          <p className="soft">{words.noticesNone}</p>
        ) : (
          <>
            <ul className="rows">
              {[...notices].reverse().map(({ at, kind, by, byName }) => (
                <li key={`${at} ${kind}`}>
                  <div>
                    {shared.notices[kind] ?? kind}
                    {kind !== 'approval_due' && by === account.name && `, ${words.byYou}`}
                    {kind !== 'approval_due' && by !== account.name && (
                      <>
                        , {words.by} <PersonName name={byName} login={by} />
                      </>
                    )}
                  </div>
                  <span className="soft small">{when(at)}</span>
                </li>
              ))}
            </ul>
            <p className="hint">{words.noticesHint}</p>
          </>
        )}
      </section>
      <EmailCard />
      <SessionsCard />
      <PasswordCard />
      <AppCard />
      <PasskeysCard />
    </div>
  );
}

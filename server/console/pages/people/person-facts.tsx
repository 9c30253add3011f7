import type { AccountView } from '#protocols';
import { useSigned } from '../../app/session.tsx';
import { words as shared } from '../../app/words.ts';
import { dayOf } from '../../ui/format.ts';
import { Chip } from '../../ui/notice.tsx';
import { words } from './words.ts';

/** What a person may do, where, and from when until when. */
export function GrantList(props: { readonly account: AccountView }) {
  const { areaName } = useSigned();
  return props.account.grants.map(({ role, areas, from, until, inForce }) => (
    <div key={`${role} ${areas.join(' ')} ${from}`} className={inForce ? undefined : 'soft'}>
      {shared.roles[role] ?? role}: {areas.map(areaName).join(', ')}
      {from !== null && until !== null && ` (${words.between(dayOf(from), dayOf(until - 1))})`}
      {!inForce && props.account.deactivatedAt === null && `, ${words.ended}`}
    </div>
  ));
}

export function PersonChips(props: { readonly account: AccountView }) {
  const { deactivatedAt, hasPassword, totp, passkeys, lastSeenAt } = props.account;
  // Who came by a phone's QR code has no password, and needs none.
  const been = hasPassword || passkeys > 0 || lastSeenAt !== null;
  if (deactivatedAt !== null)
    return (
      <div className="chips">
        <Chip kind="bad">{words.deactivated}</Chip>
      </div>
    );
  return (
    <div className="chips">
      {!been && <Chip kind="warning">{words.notAccepted}</Chip>}
      {been && (totp || passkeys > 0) && <Chip kind="good">{words.second}</Chip>}
      {been && !totp && passkeys === 0 && <Chip kind="plain">{words.noSecond}</Chip>}
    </div>
  );
}

import { Fragment } from 'react';

const MACHINE = 'token/';

/**
 * Somebody who stands in a record: what people call them, and where another person is called the same the login name beside it, in small.
 * `name`: as the API gives it beside a login name (`composerNames`, `createdByName`, …).
 */
export function PersonName(props: { readonly name: string; readonly login: string }) {
  const { name, login } = props;
  if (login.startsWith(MACHINE)) return `máy ${login.slice(MACHINE.length)}`;
  const behind = ` (${login})`;
  if (!name.endsWith(behind)) return name;
  return (
    <>
      {name.slice(0, -behind.length)} <span className="soft small mono">({login})</span>
    </>
  );
}

/** Several of them, as a sentence names them. */
export function PersonNames(props: {
  readonly names: readonly string[];
  readonly logins: readonly string[];
}) {
  return props.logins.map((login, i) => (
    <Fragment key={login}>
      {i > 0 && ', '}
      <PersonName name={props.names[i] ?? login} login={login} />
    </Fragment>
  ));
}

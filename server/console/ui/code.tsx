import { Fragment } from 'react';

/** A code in groups, as people read it from paper; on a narrow screen a line ends between two groups. */
export function Code(props: { readonly text: string }) {
  const [first = '', ...rest] = props.text.split('-');
  return (
    <p className="code">
      {first}
      {rest.map((group, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: groups may be alike and never move
        <Fragment key={at}>
          -<wbr />
          {group}
        </Fragment>
      ))}
    </p>
  );
}

import { useState } from 'react';
import type { Static } from 'typebox';
import type { AuditHeadListSchema, AuditHeadView } from '#protocols';
import { API, call, query } from '../../api/client.ts';
import { useAct, useLoad } from '../../api/hooks.ts';
import { Button } from '../../ui/button.tsx';
import { dayOf, shortHash, startOfDay, when } from '../../ui/format.ts';
import { Chip, ErrorNotice, Notice, Waiting } from '../../ui/notice.tsx';
import { words } from './heads-words.ts';

type Listed = Static<typeof AuditHeadListSchema>;

const PAGE = 31;
const sheetOf = (n: number, format: 'html' | 'text') => `${API}/audit/heads/${n}/sheet${query({ format })}`;

/** So many pages of the list, one after the other. */
async function readPages(pages: number, signal: AbortSignal): Promise<Listed & { readonly more: boolean }> {
  const heads: AuditHeadView[] = [];
  let outside: Listed['outside'] = [];
  let more = true;
  for (let page = 0; page < pages && more; page += 1) {
    const path = `audit/heads${query({ before: heads.at(-1)?.n, limit: PAGE })}`;
    const answer = await call<Listed>('GET', path, { signal });
    heads.push(...answer.heads);
    ({ outside } = answer);
    more = answer.heads.length === PAGE;
  }
  return { heads, outside, more };
}

/** The signed heads of the log, where outside they have got to, and each to print. */
export function HeadsList() {
  const [pages, setPages] = useState(1);
  const [said, setSaid] = useState<string>();
  const list = useLoad(`heads ${pages}`, (signal) => readPages(pages, signal));
  const make = useAct(async (key) => {
    const head = await call<AuditHeadView>('POST', 'audit/heads', { key, body: {} });
    setSaid(words.made(head.n));
    list.reload();
  });
  const heads = list.value?.heads ?? [];
  return (
    <>
      <p>{words.why}</p>
      {said !== undefined && <Notice kind="good">{said}</Notice>}
      <ErrorNotice error={list.error} onRetry={list.reload} />
      {list.value === undefined && list.error === undefined && <Waiting />}
      {list.value !== undefined && (
        <>
          <section className="card">
            <h2>{words.outside}</h2>
            <Outside outside={list.value.outside} newest={heads[0]?.n ?? 0} />
          </section>
          <section className="card">
            <h2>{words.title}</h2>
            <ErrorNotice error={make.error} />
            <div className="actions">
              <Button busy={make.busy} onPress={() => void make.run()}>
                {words.make}
              </Button>
            </div>
            {heads.length === 0 && <p className="soft">{words.none}</p>}
            <ul className="rows">
              {heads.map((head) => (
                <Head key={head.n} head={head} />
              ))}
            </ul>
            {list.value.more && <Button onPress={() => setPages(pages + 1)}>{words.older}</Button>}
          </section>
        </>
      )}
    </>
  );
}

function Head({ head }: { readonly head: AuditHeadView }) {
  const { n, day, whole, seq, count, hash, issuedAt } = head;
  return (
    <li>
      <div>
        <b>{words.numbered(n, dayOf(startOfDay(day)))}</b>{' '}
        {!whole && <Chip kind="plain">{words.within}</Chip>}
        <div>{words.last(seq, count)}</div>
        <div className="soft small">
          {words.hash} <span className="mono">{shortHash(hash)}</span>, {words.signed(when(issuedAt))}
        </div>
      </div>
      <div className="actions">
        <a
          className="button"
          href={sheetOf(n, 'html')}
          target="_blank"
          rel="noreferrer"
          aria-label={`${words.print}: ${words.number(n)}`}
        >
          {words.print}
        </a>
        <a
          className="button"
          href={sheetOf(n, 'text')}
          download={words.fileName(n)}
          aria-label={`${words.download}: ${words.number(n)}`}
        >
          {words.download}
        </a>
      </div>
    </li>
  );
}

function Outside(props: { readonly outside: Listed['outside']; readonly newest: number }) {
  const { outside, newest } = props;
  if (outside.length === 0) return <Notice kind="warning">{words.nowhere}</Notice>;
  return (
    <ul className="rows">
      {outside.map(({ name, sent, failedAt, error }) => (
        <li key={name}>
          <div>
            <b>{words.places[name]}</b>
            <div>{sent === 0 ? words.sentNone : words.sent(sent)}</div>
            {failedAt !== null && <div className="wrong">{words.failed(when(failedAt), error ?? '')}</div>}
          </div>
          <Chip kind={sent >= newest ? 'good' : 'warning'}>
            {sent >= newest ? words.allSent : words.behind(newest - sent)}
          </Chip>
        </li>
      ))}
    </ul>
  );
}

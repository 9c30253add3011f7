import { useEffect, useState } from 'react';
import type { AuditEntryView } from '#protocols';
import { API, call, query } from '../../api/client.ts';
import { useAct, useLoad } from '../../api/hooks.ts';
import { AreaField } from '../../ui/area-field.tsx';
import { Button } from '../../ui/button.tsx';
import { SelectField, TextField } from '../../ui/fields.tsx';
import { endOfDay, startOfDay, when } from '../../ui/format.ts';
import { ErrorNotice, Waiting } from '../../ui/notice.tsx';
import { signed } from '../../ui/signed.ts';
import { ACTIONS, actionWords } from './action-words.ts';
import { words } from './words.ts';

const PAGE = 50;
const ACTION_CHOICES = [
  { value: '', label: words.everyAction },
  ...Object.entries(ACTIONS)
    .map(([value, label]) => ({ value, label }))
    .sort((a, b) => a.label.localeCompare(b.label, 'vi')),
];
const REFUSED = [
  { value: '', label: words.refusedAll },
  { value: 'true', label: words.refusedOnly },
  { value: 'false', label: words.refusedNone },
];

interface Filter {
  readonly actor: string;
  readonly action: string;
  readonly area: string;
  readonly from: string;
  readonly to: string;
  readonly refused: string;
}

/** The filter as the API takes it; the last day is wholly in it. */
function asked({ from, to, ...rest }: Filter) {
  return {
    ...rest,
    from: from === '' ? null : startOfDay(from),
    to: to === '' ? null : endOfDay(to) - 1,
  };
}

/** Who did what: the log itself, with what it is searched by. */
export function AuditEntries() {
  const [filter, setFilter] = useState<Filter>({
    ...{ actor: '', action: '', area: '', from: '', to: '', refused: '' },
  });
  const [older, setOlder] = useState<readonly AuditEntryView[]>([]);
  const [ended, setEnded] = useState(false);
  const terms = asked(filter);
  const path = `audit${query({ ...terms, limit: PAGE })}`;
  const first = useLoad(path, (signal) => call<{ entries: AuditEntryView[] }>('GET', path, { signal }));
  const entries = [...(first.value?.entries ?? []), ...older];
  const more = useAct(async () => {
    const before = entries.at(-1)?.seq;
    const answer = await call<{ entries: AuditEntryView[] }>(
      'GET',
      `audit${query({ ...terms, limit: PAGE, before })}`,
    );
    setOlder([...older, ...answer.entries]);
    setEnded(answer.entries.length < PAGE);
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was read on belongs to the filter before
  useEffect(() => {
    setOlder([]);
    setEnded(false);
  }, [path]);
  const set = (change: Partial<Filter>) => setFilter({ ...filter, ...change });
  const exported = (format: string) => `${API}/audit/export${query({ ...terms, format })}`;
  const last = ended || (first.value?.entries.length ?? 0) < PAGE;
  return (
    <>
      <p>{words.why}</p>
      <section className="card">
        <div className="filters">
          <TextField
            label={words.actor}
            value={filter.actor}
            onChange={(actor) => set({ actor })}
            maxLength={128}
            mono
          />
          <SelectField
            label={words.action}
            value={filter.action}
            onChange={(action) => set({ action })}
            choices={ACTION_CHOICES}
          />
          <AreaField
            label={words.area}
            permission="audit:read"
            value={filter.area}
            onChange={(area) => set({ area })}
            every={words.everyArea}
          />
          <SelectField
            label={words.refused}
            value={filter.refused}
            onChange={(refused) => set({ refused })}
            choices={REFUSED}
          />
          <TextField label={words.from} type="date" value={filter.from} onChange={(from) => set({ from })} />
          <TextField label={words.to} type="date" value={filter.to} onChange={(to) => set({ to })} />
        </div>
        <div className="actions">
          <a className="button" href={exported('csv')} download>
            {words.csv}
          </a>
          <a className="button" href={exported('json')} download>
            {words.json}
          </a>
        </div>
      </section>
      <ErrorNotice error={first.error} onRetry={first.reload} />
      {first.value === undefined && first.error === undefined && <Waiting />}
      {first.value !== undefined && (
        <section className="card">
          {entries.length === 0 ? <p className="soft">{words.none}</p> : <Entries entries={entries} />}
          <ErrorNotice error={more.error} />
          {!last && (
            <Button busy={more.busy} onPress={() => void more.run()}>
              {words.more}
            </Button>
          )}
        </section>
      )}
    </>
  );
}

function Entries(props: { readonly entries: readonly AuditEntryView[] }) {
  return (
    <table className="cards">
      <thead>
        <tr>
          {[words.time, words.who, words.what, words.subject, words.details].map((title) => (
            <th key={title} scope="col">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {props.entries.map((one) => (
          <tr key={one.seq}>
            <td>{when(one.at)}</td>
            <td>
              <b>{signed(one.actorName, one.as)}</b>
              {one.actorName !== one.actor && <div className="soft small mono">{one.actor}</div>}
              {one.origin !== null && <div className="soft small">{words.origin(one.origin)}</div>}
            </td>
            <td>
              {actionWords(one.action)} <div className="soft small mono">{one.action}</div>
            </td>
            <td className="mono small">{one.subject}</td>
            <td>
              <Details entry={one} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Details({ entry }: { readonly entry: AuditEntryView }) {
  const { detail, before, after } = entry;
  if (detail === '{}' && before === null && after === null) return null;
  return (
    <details>
      <summary className="small">{words.details}</summary>
      {detail !== '{}' && <pre className="json">{pretty(detail)}</pre>}
      {before !== null && (
        <>
          <b>{words.before}</b>
          <pre className="json">{pretty(before)}</pre>
        </>
      )}
      {after !== null && (
        <>
          <b>{words.after}</b>
          <pre className="json">{pretty(after)}</pre>
        </>
      )}
    </details>
  );
}

/** JSON over several lines; what is none stays as it is. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 1);
  } catch {
    return text;
  }
}

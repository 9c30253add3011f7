import { useState } from 'react';
import type { OwnSession } from '#protocols';
import { call } from '../../api/client.ts';
import { useAct, useLoad } from '../../api/hooks.ts';
import { useSigned } from '../../app/session.tsx';
import { Button } from '../../ui/button.tsx';
import { Confirm } from '../../ui/dialog.tsx';
import { ago, device } from '../../ui/format.ts';
import { Chip, ErrorNotice, Notice, Waiting } from '../../ui/notice.tsx';
import { words } from './words.ts';

export function SessionsCard() {
  const { session } = useSigned();
  const [asking, setAsking] = useState(false);
  const [ended, setEnded] = useState<number>();
  const list = useLoad('sessions', (signal) =>
    call<{ sessions: OwnSession[] }>('GET', 'account/sessions', { signal }),
  );
  const end = useAct(async (_key, id: string) => {
    await call('DELETE', `account/sessions/${id}`);
    list.reload();
  });
  const endOthers = useAct(async () => {
    setEnded((await call<{ ended: number }>('DELETE', 'account/sessions')).ended);
    list.reload();
  });
  const sessions = [...(list.value?.sessions ?? [])].sort(
    (a, b) => Number(b.current) - Number(a.current) || b.lastSeenAt - a.lastSeenAt,
  );
  return (
    <section className="card">
      <h2>{words.sessions}</h2>
      <ErrorNotice error={list.error ?? end.error} onRetry={list.reload} />
      {ended !== undefined && <Notice kind="good">{words.ended(ended)}</Notice>}
      {list.value === undefined && list.error === undefined && <Waiting />}
      <ul className="rows">
        {sessions.map((one) => (
          <li key={one.id}>
            <div>
              <b>{device(one.userAgent)}</b>{' '}
              {one.current ? (
                <Chip kind="good">{words.thisOne}</Chip>
              ) : (
                one.kind === 'phone' && <Chip kind="plain">{words.phone}</Chip>
              )}
              <div className="soft small">
                {one.address}, {words.lastSeen(ago(one.lastSeenAt, session.now))}
              </div>
            </div>
            {!one.current && (
              <Button busy={end.busy} onPress={() => void end.run(one.id)}>
                {words.end}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {sessions.length > 1 && (
        <div className="actions">
          <Button onPress={() => setAsking(true)}>{words.endOthers}</Button>
        </div>
      )}
      {asking && (
        <Confirm
          title={words.endOthers}
          verb={words.endOthers}
          busy={endOthers.busy}
          error={endOthers.error}
          onConfirm={() => endOthers.run()}
          onClose={() => setAsking(false)}
        >
          {words.endOthersAsk}
        </Confirm>
      )}
    </section>
  );
}

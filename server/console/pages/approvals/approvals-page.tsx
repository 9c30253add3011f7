import { useState } from 'react';
import type { AnnouncementView } from '#protocols';
import { call } from '../../api/client.ts';
import { useLoad } from '../../api/hooks.ts';
import { useSigned } from '../../app/session.tsx';
import { ErrorNotice, Notice, Waiting } from '../../ui/notice.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import { ApprovedList } from './approved-list.tsx';
import { WaitingList } from './waiting-list.tsx';
import { words } from './words.ts';

/** Somebody may hand something in at any moment. */
const ASK_EVERY_MS = 20_000;

export default function ApprovalsPage() {
  const { areasFor } = useSigned();
  const [open, setOpen] = useState<'waiting' | 'approved'>('waiting');
  const [said, setSaid] = useState<string>();
  const list = useLoad(
    'announcements',
    (signal) => call<{ announcements: AnnouncementView[] }>('GET', 'announcements?limit=200', { signal }),
    ASK_EVERY_MS,
  );
  const mine = new Set(areasFor('announcement:approve').map(({ id }) => id));
  const all = list.value?.announcements ?? [];
  const waiting = all.filter(({ state, areaId }) => state === 'submitted' && mine.has(areaId)).reverse();
  const approved = all.filter(({ state }) => state === 'approved');
  const done = (what: string) => {
    setSaid(what);
    list.reload();
  };
  return (
    <div className="stack">
      <h1>{words.title}</h1>
      <Tabs
        label={words.title}
        tabs={[
          { name: 'waiting', title: words.waiting, count: waiting.length },
          { name: 'approved', title: words.approved },
        ]}
        open={open}
        onOpen={(name) => {
          setOpen(name);
          setSaid(undefined);
        }}
      />
      {said !== undefined && <Notice kind="good">{said}</Notice>}
      <ErrorNotice error={list.error} onRetry={list.reload} />
      {list.value === undefined ? (
        list.error === undefined && <Waiting />
      ) : open === 'waiting' ? (
        <WaitingList waiting={waiting} onDone={done} />
      ) : (
        <ApprovedList approved={approved} onDone={done} />
      )}
    </div>
  );
}

import { useState } from 'react';
import type { AnnouncementView } from '#protocols';
import { call } from '../../api/client.ts';
import { useLoad } from '../../api/hooks.ts';
import { ErrorNotice, Notice, Waiting } from '../../ui/notice.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import { ApprovedList } from './approved-list.tsx';
import { StandingList } from './standing-list.tsx';
import { type Waiting as WaitingItem, WaitingList } from './waiting-list.tsx';
import { words } from './words.ts';

/** Somebody may hand something in at any moment. */
const ASK_EVERY_MS = 20_000;

export default function ApprovalsPage() {
  const [open, setOpen] = useState<'waiting' | 'approved' | 'standing'>('waiting');
  const [said, setSaid] = useState<string>();
  const asked = useLoad(
    'approvals',
    (signal) => call<{ waiting: WaitingItem[] }>('GET', 'approvals', { signal }),
    ASK_EVERY_MS,
  );
  const list = useLoad(
    open === 'approved' ? 'announcements' : null,
    (signal) => call<{ announcements: AnnouncementView[] }>('GET', 'announcements?limit=200', { signal }),
    ASK_EVERY_MS,
  );
  const approved = (list.value?.announcements ?? []).filter(({ state }) => state === 'approved');
  const done = (what: string) => {
    setSaid(what);
    asked.reload();
    list.reload();
  };
  const shown = open === 'approved' ? list : asked;
  return (
    <div className="stack">
      <h1>{words.title}</h1>
      <Tabs
        label={words.title}
        tabs={[
          { name: 'waiting', title: words.waiting, count: asked.value?.waiting.length },
          { name: 'approved', title: words.approved },
          { name: 'standing', title: words.standing },
        ]}
        open={open}
        onOpen={(name) => {
          setOpen(name);
          setSaid(undefined);
        }}
      />
      {said !== undefined && <Notice kind="good">{said}</Notice>}
      <ErrorNotice error={shown.error} onRetry={shown.reload} />
      {shown.value === undefined && shown.error === undefined && <Waiting />}
      {open === 'waiting' && asked.value !== undefined && (
        <WaitingList waiting={asked.value.waiting} onDone={done} />
      )}
      {open === 'standing' && <StandingList onDone={setSaid} />}
      {open === 'approved' && list.value !== undefined && <ApprovedList approved={approved} onDone={done} />}
    </div>
  );
}

import { useState } from 'react';
import type { ApprovalsDue, EmergencyView } from '#protocols';
import { call, query } from '../../api/client.ts';
import { type Loaded, useLoad } from '../../api/hooks.ts';
import { useLive } from '../../api/live.ts';
import { goTo, useAddress } from '../../app/router.ts';
import { useSigned } from '../../app/session.tsx';
import { Button } from '../../ui/button.tsx';
import { useHeld } from '../../ui/held.ts';
import { ErrorNotice, Notice, Waiting } from '../../ui/notice.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import { ApprovedList } from './approved-list.tsx';
import { CoveredList } from './covered-list.tsx';
import { DueList } from './due-list.tsx';
import { EmergenciesTab } from './emergencies-tab.tsx';
import { readGiven, readWaiting } from './lists.ts';
import { BackToDue, OneAnnouncement } from './one-announcement.tsx';
import { PastList } from './past-list.tsx';
import { StandingList } from './standing-list.tsx';
import type { WaitingLists } from './waiting.ts';
import { WaitingList } from './waiting-list.tsx';
import { words } from './words.ts';

/** Time passes; what is handed in, asked for or decided is told. */
const ASK_EVERY_MS = 60_000;
/** What waits for a second person is given up by itself. */
const ASK_SOON_MS = 5_000;

const PARTS = ['waiting', 'due', 'emergencies', 'approved', 'standing'] as const;
type Part = (typeof PARTS)[number];

export default function ApprovalsPage() {
  const { may } = useSigned();
  const leader = may('announcement:approve');
  // Which part is open stands in the address: elsewhere a link leads to one of them.
  const { searchParams } = useAddress();
  const named = searchParams.get('part');
  const item = searchParams.get('item');
  const open = PARTS.find((one) => one === named) ?? (leader ? 'waiting' : 'due');
  const setOpen = (part: Part) => goTo(`/approvals?part=${part}`, { replace: true });
  const [said, setSaid] = useState<string>();
  const [pages, setPages] = useState({ waiting: 1, approved: 1 });
  // However many pages: what was read stays while more is.
  const asked = useLoad(
    leader ? 'approvals' : null,
    (signal) => readWaiting(pages.waiting, signal),
    ASK_EVERY_MS,
  );
  // It may be on any page of what waits.
  const one = useLoad(
    leader && item !== null ? `approvals of ${item}` : null,
    (signal) => call<WaitingLists>('GET', `approvals${query({ announcement: item })}`, { signal }),
    ASK_EVERY_MS,
  );
  const due = useLoad(
    'due',
    (signal) => call<ApprovalsDue>('GET', 'approvals/due', { signal }),
    ASK_EVERY_MS,
  );
  const [hurry, setHurry] = useState(false);
  const emergencies = useLoad(
    'emergencies',
    async (signal) => {
      const read = await readEmergencies(signal);
      setHurry(read.waiting.length > 0);
      return read;
    },
    hurry ? ASK_SOON_MS : ASK_EVERY_MS,
  );
  const approved = useLoad(open === 'approved' ? 'given' : null, (signal) =>
    readGiven(pages.approved, signal),
  );
  const readMore = (part: 'waiting' | 'approved') => {
    setPages({ ...pages, [part]: pages[part] + 1 });
    (part === 'waiting' ? asked : approved).reload();
  };
  const parts: Readonly<Record<Part, Loaded<unknown> | null>> = {
    ...{ waiting: asked, due, emergencies, approved, standing: null },
  };
  const shown = parts[open];
  const reload = () => {
    for (const part of [...Object.values(parts), one]) part?.reload();
  };
  useLive(['announcement.changed', 'approval.standing', 'emergency.changed'], reload);
  const done = (what: string) => {
    setSaid(what);
    reload();
  };
  // Nothing moves behind a window that is open.
  const held = useHeld({
    ...{ asked: asked.value, due: due.value, emergencies: emergencies.value, approved: approved.value },
    one: one.value,
  });
  // Which of what waits is asked for as an emergency: before that nothing is offered to be approved.
  const emergenciesKnown = held.emergencies !== undefined || emergencies.error !== undefined;
  const reviews = held.emergencies?.reviews ?? [];
  const urgent =
    (held.emergencies?.waiting.length ?? 0) + reviews.filter(({ review }) => review?.state === 'open').length;
  const answering = {
    urgent: new Set((held.emergencies?.waiting ?? []).map(({ announcementId }) => announcementId)),
    onUrgent: () => setOpen('emergencies'),
    onDone: done,
  };
  return (
    <div className="stack">
      <h1>{words.title}</h1>
      <Tabs<Part>
        label={words.title}
        tabs={[
          ...(leader
            ? [
                {
                  name: 'waiting' as const,
                  title: words.waiting,
                  counts: true,
                  count: held.asked?.waiting.length,
                  more: (held.asked?.next ?? null) !== null,
                },
              ]
            : []),
          { name: 'due', title: words.due, counts: true, count: held.due?.due.length },
          { name: 'emergencies', title: words.emergencies, counts: true, count: urgent },
          { name: 'approved', title: words.approved },
          ...(leader ? [{ name: 'standing' as const, title: words.standing }] : []),
        ]}
        open={open}
        onOpen={(name) => {
          setOpen(name);
          setSaid(undefined);
        }}
      />
      {open !== 'emergencies' && (held.emergencies?.waiting.length ?? 0) > 0 && (
        <Notice kind="bad">
          {words.secondPerson}
          <Button weight="quiet" onPress={() => setOpen('emergencies')}>
            {words.look}
          </Button>
        </Notice>
      )}
      {said !== undefined && <Notice kind="good">{said}</Notice>}
      {shown !== null && (
        <>
          <ErrorNotice error={shown.error} onRetry={shown.reload} />
          {shown.value === undefined && shown.error === undefined && <Waiting />}
        </>
      )}
      {open === 'waiting' && held.asked !== undefined && emergenciesKnown && (
        <>
          <WaitingList waiting={held.asked.waiting} {...answering} />
          <CoveredList covered={held.asked.covered} onDone={done} />
          <PastList past={held.asked.past} onDone={done} />
          {held.asked.next !== null && <Button onPress={() => readMore('waiting')}>{words.more}</Button>}
        </>
      )}
      {open === 'due' && item === null && held.due !== undefined && <DueList due={held.due.due} />}
      {open === 'due' && item !== null && (
        <>
          <BackToDue />
          {leader && (held.one === undefined || !emergenciesKnown) ? (
            <>
              <ErrorNotice error={one.error} onRetry={one.reload} />
              {one.error === undefined && <Waiting />}
            </>
          ) : (
            <OneAnnouncement key={item} id={item} waits={held.one?.waiting[0]} {...answering} />
          )}
        </>
      )}
      {open === 'emergencies' && held.emergencies !== undefined && (
        <EmergenciesTab {...held.emergencies} onDone={done} />
      )}
      {open === 'approved' && held.approved !== undefined && (
        <>
          <ApprovedList given={held.approved.given} onDone={done} />
          {held.approved.next !== null && <Button onPress={() => readMore('approved')}>{words.more}</Button>}
        </>
      )}
      {open === 'standing' && <StandingList onDone={done} />}
    </div>
  );
}

async function readEmergencies(
  signal: AbortSignal,
): Promise<{ waiting: readonly EmergencyView[]; reviews: readonly EmergencyView[] }> {
  const [{ emergencies }, { reviews }] = await Promise.all([
    call<{ emergencies: EmergencyView[] }>('GET', 'emergencies', { signal }),
    call<{ reviews: EmergencyView[] }>('GET', 'reviews', { signal }),
  ]);
  return { waiting: emergencies.filter(({ state }) => state === 'waiting'), reviews };
}

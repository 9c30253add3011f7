import { useState } from 'react';
import type { ApprovalsDue, EmergencyView } from '#protocols';
import { call } from '../../api/client.ts';
import { type Loaded, useLoad } from '../../api/hooks.ts';
import { useLive } from '../../api/live.ts';
import { useSigned } from '../../app/session.tsx';
import { Button } from '../../ui/button.tsx';
import { ErrorNotice, Notice, Waiting } from '../../ui/notice.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import { ApprovedList, type Given } from './approved-list.tsx';
import { DueList } from './due-list.tsx';
import { EmergenciesTab } from './emergencies-tab.tsx';
import { StandingList } from './standing-list.tsx';
import { type Waiting as WaitingItem, WaitingList } from './waiting-list.tsx';
import { words } from './words.ts';

/** Time passes; what is handed in, asked for or decided is told. */
const ASK_EVERY_MS = 60_000;
/** What waits for a second person is given up by itself. */
const ASK_SOON_MS = 5_000;

type Part = 'waiting' | 'due' | 'emergencies' | 'approved' | 'standing';

export default function ApprovalsPage() {
  const { may } = useSigned();
  const leader = may('announcement:approve');
  const [open, setOpen] = useState<Part>(leader ? 'waiting' : 'due');
  const [said, setSaid] = useState<string>();
  const asked = useLoad(
    leader ? 'approvals' : null,
    (signal) => call<{ waiting: WaitingItem[] }>('GET', 'approvals', { signal }),
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
    call<{ given: Given[] }>('GET', 'approvals/given', { signal }),
  );
  const parts: Readonly<Record<Part, Loaded<unknown> | null>> = {
    ...{ waiting: asked, due, emergencies, approved, standing: null },
  };
  const shown = parts[open];
  const reload = () => {
    for (const part of Object.values(parts)) part?.reload();
  };
  useLive(['announcement.changed', 'approval.standing', 'emergency.changed'], reload);
  const done = (what: string) => {
    setSaid(what);
    reload();
  };
  const reviews = emergencies.value?.reviews ?? [];
  const urgent =
    (emergencies.value?.waiting.length ?? 0) +
    reviews.filter(({ review }) => review?.state === 'open').length;
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
                  count: asked.value?.waiting.length,
                },
              ]
            : []),
          { name: 'due', title: words.due, counts: true, count: due.value?.due.length },
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
      {open !== 'emergencies' && (emergencies.value?.waiting.length ?? 0) > 0 && (
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
      {open === 'waiting' && asked.value !== undefined && (
        <WaitingList waiting={asked.value.waiting} onDone={done} />
      )}
      {open === 'due' && due.value !== undefined && <DueList due={due.value.due} />}
      {open === 'emergencies' && emergencies.value !== undefined && (
        <EmergenciesTab {...emergencies.value} onDone={done} />
      )}
      {open === 'approved' && approved.value !== undefined && (
        <ApprovedList given={approved.value.given} onDone={done} />
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

import { useState } from 'react';
import type { BackupDestination, BackupRun, BackupState } from '#protocols';
import { call } from '../../api/client.ts';
import { sentenceOfTold } from '../../api/error-words.ts';
import { useAct, useLoad } from '../../api/hooks.ts';
import { useSigned } from '../../app/session.tsx';
import { Button } from '../../ui/button.tsx';
import { dayOf, rootKeyCode, size, when } from '../../ui/format.ts';
import { ErrorNotice, Notice, Progress, Waiting } from '../../ui/notice.tsx';
import { NewSheet } from './backup-sheet.tsx';
import { PlacesCard } from './places-card.tsx';
import { SettingsCard } from './settings-card.tsx';
import { words } from './words.ts';

const ASK_EVERY_MS = 10_000;
/** While a backup runs. */
const ASK_SOON_MS = 1_000;

export default function BackupsPage() {
  const { may } = useSigned();
  const [making, setMaking] = useState(false);
  const [hurry, setHurry] = useState(false);
  const load = useLoad(
    'backups',
    async (signal) => {
      const read = await call<BackupState>('GET', 'backups', { signal });
      setHurry(read.running !== null);
      return read;
    },
    hurry ? ASK_SOON_MS : ASK_EVERY_MS,
  );
  const start = useAct(async (key) => {
    await call('POST', 'backups', { key, body: {} });
    setHurry(true);
    load.reload();
  });
  const state = load.value;
  return (
    <div className="stack">
      <h1>{words.title}</h1>
      <ErrorNotice error={load.error} onRetry={load.reload} />
      {state === undefined && load.error === undefined && <Waiting />}
      {state !== undefined && (
        <>
          {state.sheet === null && <Notice kind="warning">{words.noSheet}</Notice>}
          {state.sheet?.named === false && (
            <Notice kind="warning">{words.oldSheet(state.sheet.number)}</Notice>
          )}
          <section className="card">
            <h2>{words.state}</h2>
            <StateFacts state={state} />
            {state.running !== null && (
              <Progress
                label={words.running(
                  words.phases[state.running.phase] ?? state.running.phase,
                  state.running.bytes === 0 ? '' : size(state.running.bytes),
                )}
              />
            )}
            <ErrorNotice error={start.error} />
            {may('backup:write') && (
              <div className="actions">
                <Button
                  weight={state.sheet === null ? 'plain' : 'main'}
                  busy={start.busy}
                  disabled={state.sheet === null || state.running !== null}
                  onPress={() => void start.run()}
                >
                  {words.start}
                </Button>
                <Button weight={state.sheet === null ? 'main' : 'plain'} onPress={() => setMaking(true)}>
                  {words.newSheet}
                </Button>
              </div>
            )}
          </section>
          <PlacesCard state={state} onChanged={load.reload} />
          {may('backup:write') && <SettingsCard settings={state.settings} onChanged={load.reload} />}
        </>
      )}
      {making && <NewSheet onMade={load.reload} onClose={() => setMaking(false)} />}
    </div>
  );
}

function StateFacts({ state }: { readonly state: BackupState }) {
  const { last, awayAt, nextAt, sheet, rootKey, settings } = state;
  return (
    <dl className="facts">
      <dt>{words.last}</dt>
      <dd>{last === null ? words.never : <LastRun run={last} destinations={settings.destinations} />}</dd>
      <dt>{words.away}</dt>
      <dd>{awayAt === null ? words.never : when(awayAt)}</dd>
      <dt>{words.next}</dt>
      <dd>{nextAt === null ? words.nextNone : when(nextAt)}</dd>
      <dt>{words.sheet}</dt>
      <dd>{sheet === null ? words.none : words.sheetOf(sheet.number, dayOf(sheet.madeAt))}</dd>
      <dt>{words.rootKey}</dt>
      <dd>
        <span className="mono">{rootKeyCode(rootKey)}</span>
        <div className="soft small">{words.rootKeyWhy}</div>
      </dd>
    </dl>
  );
}

function LastRun(props: {
  readonly run: BackupRun;
  /** Where backups go now. */
  readonly destinations: readonly BackupDestination[];
}) {
  const { run, destinations } = props;
  return (
    <>
      {run.verified ? words.lastGood(when(run.endedAt), size(run.bytes)) : words.lastBad(when(run.endedAt))}
      {run.error !== null && run.places.length === 0 && (
        <div className="wrong">{sentenceOfTold(run.error)}</div>
      )}
      {run.missing > 0 && <div className="wrong">{words.missing(run.missing)}</div>}
      {(run.skipped ?? []).map(({ path }) => (
        <div className="wrong" key={path}>
          {words.skipped(path)}
        </div>
      ))}
      {run.places.map(
        ({ id, folder, error }) =>
          error !== null && (
            <div key={id} className="wrong">
              {destinations.find((place) => place.id === id)?.name ?? folder}: {sentenceOfTold(error)}
            </div>
          ),
      )}
    </>
  );
}

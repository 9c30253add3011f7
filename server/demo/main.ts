import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { playNow, prepareAnnouncement, settled } from './broadcast.ts';
import { type DemoOptions, readOptions, UsageError } from './options.ts';
import { ProgressView } from './progress-view.ts';
import { type Judgement, judge, wordDueAt } from './recordings.ts';
import { PEOPLE, Village } from './village.ts';

const out = process.stdout;
const say = (line: string) => void out.write(`${line}\n`);

interface Summary {
  readonly speakers: number;
  readonly finished: number;
  readonly failed: number;
  /** Null, as what follows, where nothing was played whole. */
  readonly lufs: number | null;
  readonly truePeakDb: number | null;
  readonly startSkewMs: { readonly p50: number | null; readonly p99: number | null };
}

/** Everything from an empty folder to a judged broadcast. */
async function run(village: Village, options: DemoOptions, stopped: AbortSignal): Promise<Summary> {
  say('Loa Làng: six virtual loudspeakers of Tân An. The policy of this demonstration is open all day.');
  await village.start();
  say(`controller ready at ${village.url}`);
  await village.allOnline();
  say(`${village.speakers.length} loudspeakers online`);
  const prepared = await prepareAnnouncement(village, options.audio, () => undefined);
  const seconds = (prepared.durationMs / 1000).toFixed(1);
  say(
    `announcement prepared and approved: ${seconds} s, ${prepared.integratedLufs} LUFS, ${prepared.truePeakDb} dBTP`,
  );

  const view = new ProgressView(village.speakers, out);
  const watching = watch(village, view, stopped);
  const broadcast = await playNow(village, prepared.announcementId);
  view.draw();
  const deliveries = await settled(village, broadcast.id);
  await watching.close();
  const finished = new Set(
    deliveries.filter(({ state }) => state === 'finished').map(({ speakerId }) => speakerId),
  );
  for (const { speakerId, state, code } of deliveries)
    if (!finished.has(speakerId))
      say(`${speakerId} did not finish: ${state}${code === null ? '' : ` (${code})`}`);
  const medium = join(village.folder, 'prepared.ogg');
  await fetchMedium(village, prepared.sha256, medium);
  const dueAt = await wordDueAt(medium, broadcast.startsAt);
  const heard: Judgement[] = [];
  for (const { id, recordings } of village.speakers)
    if (finished.has(id)) heard.push(await judge(recordings, dueAt));
  return summary(village.speakers.length, finished.size, heard);
}

function summary(speakers: number, finished: number, heard: readonly Judgement[]): Summary {
  const errors = heard.map(({ startErrorMs }) => Math.abs(startErrorMs)).sort((a, b) => a - b);
  const rank = (p: number) => round(errors[Math.max(0, Math.ceil(p * errors.length) - 1)]);
  const lufs = heard.map((one) => one.lufs).sort((a, b) => a - b);
  return {
    speakers,
    finished,
    failed: speakers - finished,
    lufs: lufs[Math.floor(lufs.length / 2)] ?? null,
    truePeakDb: heard.length === 0 ? null : Math.max(...heard.map((one) => one.truePeakDb)),
    startSkewMs: { p50: rank(0.5), p99: rank(0.99) },
  };
}

function round(value: number | undefined): number | null {
  return value === undefined ? null : Number(value.toFixed(2));
}

interface DeliveryEvent {
  readonly speakerId: string;
  readonly state?: string;
  readonly startErrorMs?: number | null;
  readonly phase?: string;
  readonly fraction?: number;
}

function watch(village: Village, view: ProgressView, stopped: AbortSignal): { close(): Promise<void> } {
  const closing = new AbortController();
  const signal = AbortSignal.any([closing.signal, stopped]);
  const done = (async () => {
    for await (const { name, data } of village.as('editor').events(signal)) {
      const event = data as DeliveryEvent;
      if (name === 'delivery.changed')
        view.state(event.speakerId, event.state ?? '', event.startErrorMs ?? null);
      else if (name === 'delivery.progress')
        view.progress(event.speakerId, event.phase ?? '', event.fraction ?? 0);
    }
  })().catch((error: unknown) => {
    if (!signal.aborted) say(`live events ended: ${String(error)}`);
  });
  return {
    close: () => {
      closing.abort();
      return done;
    },
  };
}

async function fetchMedium(village: Village, sha256: string, path: string): Promise<void> {
  const response = await fetch(`${village.url}/api/v1/media/${sha256}`, {
    headers: { authorization: `Bearer ${village.token('editor')}` },
  });
  if (!response.ok) throw new Error(`the prepared file cannot be fetched: ${response.status}`);
  await writeFile(path, Buffer.from(await response.arrayBuffer()));
}

async function main(): Promise<void> {
  const options = await readOptions(process.argv.slice(2));
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const stopRequested = new Promise<void>((resolve) =>
    stop.signal.addEventListener('abort', () => resolve()),
  );
  const folder = await mkdtemp(join(tmpdir(), 'loa-lang-demo-'));
  const village = new Village(folder);
  let allFinished = false;
  try {
    const result = await Promise.race([run(village, options, stop.signal), stopRequested]);
    if (result === undefined) return;
    allFinished = result.finished === result.speakers;
    if (!options.once) {
      const names = PEOPLE.map(({ name }) => name).join(' or ');
      say(`The web console is at ${village.url}: log in as ${names}, password ${village.password}`);
      say(
        `The API goes on at ${village.url}/api/v1 (token of the editor: ${village.token('editor')}). Ctrl-C ends it.`,
      );
      say(`Recordings and logs: ${folder}`);
    }
    say(JSON.stringify(result));
    if (!options.once) await stopRequested;
  } finally {
    await village.stop();
    if (allFinished || stop.signal.aborted) await rm(folder, { recursive: true, force: true });
    else process.stderr.write(`logs are kept in ${folder}\n`);
  }
  process.exitCode = allFinished || (stop.signal.aborted && !options.once) ? 0 : 1;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof UsageError ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});

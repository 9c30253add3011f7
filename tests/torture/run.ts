import { setTimeout as wait } from 'node:timers/promises';
import { Mosquitto } from '../helpers/mosquitto.ts';
import { Breaker } from './breaker.ts';
import { Caller } from './caller.ts';
import type { EvidenceFolder, RunFacts } from './evidence.ts';
import { airingsOf } from './judge-airings.ts';
import { LoadWatch } from './load-watch.ts';
import type { TorturePlan } from './plan.ts';
import { Scene, setClock } from './scene.ts';
import { settle } from './settle.ts';
import { readRecording } from './soundings.ts';
import { Worker } from './work.ts';

/** After the last hard end: what sounded must have been told. */
const AFTER_LAST_MS = 2_000;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export interface RunOptions {
  readonly plan: TorturePlan;
  readonly evidence: EvidenceFolder;
  readonly broker: 'embedded' | 'mosquitto';
  readonly say: (text: string) => void;
}

/** One run from the first process to the last record: everything that the judge needs is in the folder afterwards. */
export async function run(options: RunOptions): Promise<void> {
  const { plan, evidence, say } = options;
  const broker = options.broker === 'embedded' ? null : new Mosquitto(evidence.folder, { webSocket: true });
  const scene = new Scene(evidence, plan, broker);
  // Whoever stops the tester leaves no process and no file system behind.
  const onSignal = () => void scene.stop().finally(() => process.exit(130));
  for (const signal of SIGNALS) process.once(signal, onSignal);
  try {
    const { contents, programmes } = await scene.start(say);
    const facts: RunFacts = {
      ...{ plan, contents, programmes, speakers: scene.speakers },
      startedAt: Math.ceil(Date.now() / 1000) * 1000,
    };
    evidence.writeFacts(facts);
    await wait(facts.startedAt - Date.now());
    say(`${plan.faults.length} faults and ${plan.work.length} requests in ${plan.durationMs / 1000} s`);
    const load = new LoadWatch(scene.members, evidence);
    load.start();
    await act(scene, facts, options).finally(() => load.stop());
    heal(scene);
    const calls = evidence.calls();
    const lastEnd = Math.max(0, ...airingsOf({ calls, facts }).map(({ hardEndAt }) => hardEndAt));
    say('faults are over; waiting for the records to settle');
    evidence.writeFinal(await settle(scene, facts, lastEnd + AFTER_LAST_MS));
    await scene.stopObserver();
    evidence.writeSoundings(
      facts.speakers.flatMap((id) => evidence.recordings(id).flatMap((path) => readRecording(id, path))),
    );
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
    await scene.stop();
  }
}

/** Faults and work, each at its instant. */
async function act(scene: Scene, facts: RunFacts, { plan, evidence, say }: RunOptions): Promise<void> {
  const breaker = new Breaker(scene, evidence, (text) => say(`  ${text}`));
  const worker = new Worker(new Caller(scene.controller, evidence), facts);
  const at = async (relativeMs: number, what: () => Promise<void>) => {
    await wait(Math.max(0, facts.startedAt + relativeMs - Date.now()));
    await what();
  };
  // What happens to one target happens one after the other, also where a start took longer than planned.
  const queues = new Map<number | null, Promise<void>>();
  for (const fault of plan.faults) {
    const before = queues.get(fault.speaker) ?? Promise.resolve();
    queues.set(
      fault.speaker,
      before.then(() => at(fault.at, () => breaker.suffer(fault))),
    );
  }
  await Promise.all([
    ...queues.values(),
    ...plan.work.map((work) => at(work.at, () => worker.perform(work))),
  ]);
  await wait(Math.max(0, facts.startedAt + plan.durationMs - Date.now()));
}

function heal(scene: Scene): void {
  if (scene.clockFile !== null) setClock(scene.clockFile, 0);
  for (const { line, clockFile } of scene.members) {
    line.restore();
    line.mess = false;
    if (clockFile !== null) setClock(clockFile, 0);
  }
}

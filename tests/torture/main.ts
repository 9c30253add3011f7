import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { EvidenceFolder } from './evidence.ts';
import type { Verdict } from './finding.ts';
import { forecast } from './forecast.ts';
import { judge } from './judge.ts';
import { planTorture } from './make-plan.ts';
import { readOptions, UsageError } from './options.ts';
import { run } from './run.ts';

const startedMs = performance.now();

/** Progress goes to standard error; standard output has the findings and, last, one line of JSON. */
function say(text: string): void {
  process.stderr.write(`${((performance.now() - startedMs) / 1000).toFixed(1).padStart(7)} s  ${text}\n`);
}

function report(verdict: Verdict, folder: string | undefined): number {
  const { summary, findings, invalid, excuses } = verdict;
  for (const { kind, call, broadcastId, speaker, detail } of findings)
    process.stdout.write(`${kind}: ${call} ${broadcastId ?? ''} ${speaker ?? ''}: ${detail}\n`);
  if (Object.keys(excuses).length > 0) say(`not playable: ${counted(excuses)}`);
  if (invalid !== null) process.stdout.write(`invalid: ${invalid}\n`);
  if (folder !== undefined) say(`the evidence is in ${folder}`);
  process.stdout.write(`${JSON.stringify(summary)}\n`);
  return findings.length === 0 && invalid === null ? 0 : 1;
}

function counted(excuses: Verdict['excuses']): string {
  return Object.entries(excuses)
    .map(([reason, count]) => `${count} × ${reason}`)
    .join(', ');
}

async function torture(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options.judge !== undefined)
    return report(judge(new EvidenceFolder(resolve(options.judge)).read()), undefined);
  const plan = planTorture(options, { schedules: true, latches: true });
  if (options.planOnly) {
    const { playable, deliveries, excuses } = forecast(plan);
    say(`by this plan ${playable} of ${deliveries} deliveries are playable; not so: ${counted(excuses)}`);
    process.stdout.write(`${JSON.stringify(plan, null, 1)}\n`);
    return 0;
  }
  const { keep, broker } = options;
  const folder = keep === undefined ? mkdtempSync(join(tmpdir(), 'loa-torture-')) : resolve(keep);
  mkdirSync(folder, { recursive: true });
  say(`seed ${plan.seed}, ${plan.agents} loudspeakers, ${plan.minutes} minutes`);
  const evidence = new EvidenceFolder(folder);
  await run({ plan, evidence, broker, say });
  const verdict = judge(evidence.read());
  writeFileSync(evidence.path('verdict.json'), JSON.stringify(verdict, null, 1));
  const bad = verdict.findings.length > 0 || verdict.invalid !== null;
  const code = report(verdict, bad || keep !== undefined ? folder : undefined);
  if (!bad && keep === undefined) rmSync(folder, { recursive: true, force: true });
  return code;
}

const code = await torture(process.argv.slice(2)).catch((error: unknown) => {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(error.message);
  return 2;
});
// At once: with what a killed process has left of its pipes, Node's own way out can wait for ever.
process.exit(code);

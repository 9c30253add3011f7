import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { signDocument, topicOf } from '#protocols';
import { bundleProgram } from '../../helpers/bundle.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { playOrder, TestController } from './test-controller.ts';

const SPEAKERS = 20;

it('a fleet in several processes accepts, plays and accounts, fetching content once per process', async () => {
  const controller = new TestController();
  await controller.start();
  onTestFinished(() => controller.stop());
  const folder = tempDir();
  mkdirSync(join(folder, 'provisioning'));
  for (let i = 1; i <= SPEAKERS; i++) {
    const id = `fleet-${i}`;
    const provisioning = await controller.enrol(id, ['vn', 'tan-an']);
    writeFileSync(join(folder, 'provisioning', `${id}.json`), JSON.stringify(provisioning));
  }
  const program = join(folder, 'fleet.mjs');
  await bundleProgram('device-agent/fleet/main.ts', program);
  let assigned = 0;
  const everyone = controller.events.next('hello', ({ hello }) => {
    if (hello.assignment !== null) assigned += 1;
    return assigned === SPEAKERS;
  });
  const fetches: string[] = [];
  controller.events.on('content', ({ sha256 }) => void fetches.push(sha256));
  const args = ['--speakers', String(SPEAKERS), '--data', folder, '--per-process', '10'];
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(async () => void (await stop(child)));
  let said = '';
  const shown = new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes(`${SPEAKERS} connected`)) resolve();
    });
  });
  await everyone;

  let finished = 0;
  const all = controller.events.next('entry', ({ entry }) => {
    if (entry.kind === 'finished') finished += 1;
    return finished === SPEAKERS;
  });
  const order = playOrder(controller.addContent(Buffer.alloc(20_000, 1), 500));
  await controller.publish(
    topicOf('areaOrder', 'tan-an'),
    await signDocument('order', order, controller.key),
  );
  await all;
  expect(fetches).toHaveLength(2);
  expect(controller.answers.filter(({ answer }) => answer === 'accepted')).toHaveLength(SPEAKERS);
  const ends = [...controller.journals.keys()].flatMap((key) => controller.entries(key.split('/')[0] ?? ''));
  expect(ends.filter(({ kind }) => kind === 'finished').every(({ evidence }) => evidence === 'none')).toBe(
    true,
  );
  // A line comes every second.
  await shown;
  expect(await stop(child)).toBe(0);
  expect(said.split('\n')[0]).toContain('nothing sounds');
}, 30_000);

async function stop(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  const gone = once(child, 'exit');
  child.kill('SIGINT');
  const [code] = await gone;
  return code as number | null;
}

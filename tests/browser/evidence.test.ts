import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Evidence } from '#evidence';
import { inRepo } from '../helpers/repo-root.ts';
import { describeWith } from '../helpers/requirements.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';
import { AREA, Commune } from '../system/support/commune.ts';
import { renderedPage } from './chromium.ts';

const SPEAKER = 'loa-ap-1';
const folder = tempDir('evidence');
const [jsonPath, pagePath] = [join(folder, 'chung-cu.json'), join(folder, 'chung-cu.html')];
let commune: Commune;
let evidence: Evidence;

/** What `npm run verify` says of a file, and its exit code. */
function verify(...args: string[]): Promise<{ readonly code: number; readonly output: string }> {
  const program = inRepo('dist/server/verify/main.js');
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [program, ...args], (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, output: stdout + stderr }),
    );
  });
}

// One loudspeaker, one announcement; then the controller is gone, as it is for whoever checks the file.
beforeAll(async () => {
  commune = await new Commune({ folder: tempDir('evidence-commune') }).start();
  await commune.addAgent(SPEAKER);
  const prepared = await commune.prepare({ seconds: 3.5, seed: 5 }, { title: 'Lời <chào> & chúc' });
  const { id } = await commune.play(prepared, [SPEAKER]);
  await until('the receipt', async () => (await commune.delivery(id, SPEAKER))?.state === 'finished', 30_000);
  const query = `area=${AREA}&from=${Date.now() - 3_600_000}&to=${Date.now() + 3_600_000}`;
  for (const [route, path] of [
    ['evidence', jsonPath],
    ['evidence/page', pagePath],
  ] as const) {
    const answer = await fetch(`${commune.controller.url}/api/v1/${route}?${query}`, {
      headers: { authorization: `Bearer ${commune.controller.token('technician')}` },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="loa-lang-/);
    await writeFile(path, Buffer.from(await answer.arrayBuffer()));
  }
  evidence = JSON.parse(await readFile(jsonPath, 'utf8'));
  await commune.stop();
}, 90_000);
afterAll(() => commune.stop());

it('an export is checked offline with public keys only', async () => {
  const { code, output } = await verify(jsonPath, '--list', '--root', evidence.rootKeys[0] ?? '');
  expect([code, output]).toEqual([0, expect.stringContaining('ĐÚNG: mọi mắt xích đều khớp.')]);
  expect(output).toMatch(/loa-ap-1 {2}4 s {2}Lời <chào> & chúc: cụm loa báo đã phát/);
});

it('an altered export is named by its first broken link, and a stranger’s root is not believed', async () => {
  const altered = structuredClone(evidence);
  const row = altered.speakers[0]?.journals[0]?.rows.find(({ line }) => line.includes('"finished"'));
  if (row === undefined) throw new Error('the journal tells of the end');
  row.line = row.line.replace('"toMs":', '"toMs":1');
  const path = join(folder, 'sua.json');
  await writeFile(path, JSON.stringify(altered));
  const { code, output } = await verify(path);
  expect(code).toBe(1);
  expect(output).toMatch(
    new RegExp(`mắt xích hỏng đầu tiên: loudspeaker ${SPEAKER}, journal \\S+, entry ${row.seq}: its bytes`),
  );
  const stranger = await verify(jsonPath, '--root', 'A'.repeat(43));
  expect([stranger.code, stranger.output]).toEqual([1, expect.stringContaining('not among the root keys')]);
  expect((await verify(join(folder, 'none.json'))).code).toBe(2);
});

describeWith(['chromium'], 'the page that carries its evidence', () => {
  it('checks it in a browser, opened from a file', async () => {
    const page = await renderedPage(pathToFileURL(pagePath).href);
    expect(page).toMatch(/<div id="verdict"[^>]*class="holds"[^>]*><p>ĐÚNG: mọi mắt xích đều khớp\.<\/p>/);
    expect(page).toContain('<td>Lời &lt;chào&gt; &amp; chúc</td>');
    expect(page).toContain('<td>cụm loa báo đã phát</td>');
    // The terminal reads the same file.
    expect((await verify(pagePath)).code).toBe(0);
  }, 60_000);

  it('says what is broken when somebody altered it', async () => {
    const path = join(folder, 'sua.html');
    const text = await readFile(pagePath, 'utf8');
    await writeFile(
      path,
      text.replace(/"signature":"./, (found) => `"signature":"${found.endsWith('A') ? 'B' : 'A'}`),
    );
    const page = await renderedPage(pathToFileURL(path).href);
    expect(page).toMatch(
      /<div id="verdict"[^>]*class="broken"[^>]*><p>SAI: mắt xích hỏng đầu tiên: loudspeaker/,
    );
  }, 60_000);
});

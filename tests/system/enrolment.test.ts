import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { locateBinaries } from '#media';
import { type EnrolmentCode, readEnrolmentUri } from '#protocols';
import { AgentProcess } from '../helpers/processes.ts';
import { inRepo } from '../helpers/repo-root.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { AREA, Commune } from './support/commune.ts';

const ID = 'loa-ap-1';

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the built agent to its end; `input` is what somebody types. */
async function agent(folder: string, args: readonly string[], input = ''): Promise<Ran> {
  const child = spawn(process.execPath, [inRepo('device-agent/dist/loa-agent.mjs'), ...args], {
    env: {
      ...process.env,
      LOA_AGENT_DATA: join(folder, 'data'),
      LOA_AGENT_PROVISIONING: join(folder, 'provisioning.json'),
      LOA_AGENT_OUTPUT: 'null',
    },
  });
  child.stdin.end(input);
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: code as number | null, out, err };
}

it('a technician enrols a loudspeaker on its terminal, and it plays', async () => {
  const commune = new Commune({ folder: tempDir('enrolment') });
  onTestFinished(() => commune.stop());
  await commune.start();
  const technician = commune.controller.as('technician');
  const body = { id: ID, areaId: AREA, name: 'Cụm loa ấp 1' };
  const { enrolment } = await technician.post<{ enrolment: EnrolmentCode }>('/speakers', body);
  const { url, code } = readEnrolmentUri(enrolment.uri);
  const folder = join(commune.folder, ID);
  await mkdir(folder);
  const file = join(folder, 'provisioning.json');

  // Before: it says what is missing, and how to mend it.
  for (const args of [['doctor'], []]) {
    const before = await agent(folder, args);
    expect(before.code).toBe(1);
    expect(before.out + before.err).toMatch(/chưa đăng ký \(not enrolled\).*loa-agent\.mjs enrol/);
  }
  const mistyped = await agent(folder, ['enrol', '--url', url, '--speaker', ID, '--code', '0410-6105']);
  expect(mistyped).toMatchObject({ code: 1, out: '' });
  expect(mistyped.err).toContain('Mã đăng ký gõ chưa đúng');
  const wrong = await agent(folder, ['enrol', '--url', url, '--speaker', 'loa-ap-2', '--code', code]);
  expect(wrong).toMatchObject({ code: 1, out: '' });
  expect(wrong.err).toContain('không chứng minh được mã của cụm loa "loa-ap-2"');
  const nothing = await agent(folder, ['enrol', '--url', url]);
  expect(nothing).toMatchObject({ code: 1, out: '' });
  expect((await agent(folder, ['enrol', '--cod', code])).err).toContain('Lệnh chưa đúng');
  await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' });

  // Everything is asked for; the code is typed in small letters, in groups.
  const typed = `${url}/\n${ID}\n${enrolment.code.toLowerCase()}\n`;
  const enrolled = await agent(folder, ['enrol'], typed);
  expect(enrolled).toMatchObject({ code: 0 });
  expect(enrolled.out).toContain(`Đã đăng ký cụm loa "${ID}"`);
  expect(enrolled.out + enrolled.err).not.toContain(code);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await agent(folder, ['doctor'])).out).toMatch(new RegExp(`ok {3,}provisioning +${ID} at ${url}`));

  const provisioning = JSON.parse(await readFile(file, 'utf8')) as object;
  const { ffmpeg } = await locateBinaries();
  const loudspeaker = new AgentProcess({ folder, provisioning, env: { LOA_AGENT_FFMPEG: ffmpeg } });
  onTestFinished(() => loudspeaker.end('SIGKILL'));
  await loudspeaker.start();
  await commune.online(ID);
  const prepared = await commune.prepare({ seconds: 1, seed: 47 });
  const { id } = await commune.play(prepared, [ID]);
  expect(await commune.settled(id, ID)).toMatchObject({ state: 'finished', played: true });

  // The code is used up: on another machine it is good for nothing.
  const second = await agent(join(commune.folder, 'another'), ['enrol', '--uri', enrolment.uri]);
  expect(second).toMatchObject({ code: 1, out: '' });
  expect(second.err).toContain('đã dùng');
}, 120_000);

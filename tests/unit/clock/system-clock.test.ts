import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SystemReferenceClock } from '../../../device-agent/clock/reference-clock.ts';
import { type CommandResult, runCommand } from '../../../device-agent/clock/run-command.ts';
import { CommandClockSetter, type SetClockMode } from '../../../device-agent/clock/set-system-clock.ts';
import { FileTimeStore, type StoredTime } from '../../../device-agent/clock/time-store.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const START = Date.UTC(2026, 0, 1);

/** Notes what would be run; nothing is. */
function recorder(answer: CommandResult = { ok: true, output: '' }) {
  const lines: string[] = [];
  const run = async (program: string, args: readonly string[]) => {
    lines.push([program, ...args].join(' '));
    return answer;
  };
  return { lines, run };
}

function setter(mode: SetClockMode, answer?: CommandResult, writeRtc = false) {
  const { lines, run } = recorder(answer);
  return {
    lines,
    setter: new CommandClockSetter({ mode, clock: new FakeClock({ start: 0 }), run, writeRtc }),
  };
}

it('leaves the machine alone unless it is told otherwise', async () => {
  const { lines, setter: off } = setter('off');
  expect(await off.set(() => START)).toEqual({ outcome: 'off' });
  expect(lines).toEqual([]);
});

it('leaves a clock alone that is right to 2 s', async () => {
  const { lines, setter: date } = setter('date');
  expect(await date.set(() => 1_999)).toEqual({ outcome: 'already-right' });
  expect(lines).toEqual([]);
});

it('sets the clock and, where it is told to, the RTC', async () => {
  const plain = setter('timedatectl');
  expect(await plain.setter.set(() => START)).toEqual({ outcome: 'set', byMs: START, rtcWritten: false });
  expect(plain.lines).toEqual(['timedatectl set-time 2026-01-01 00:00:00 UTC']);
  const both = setter('date', undefined, true);
  expect(await both.setter.set(() => START)).toEqual({ outcome: 'set', byMs: START, rtcWritten: true });
  expect(both.lines).toEqual([`date -u -s @${START / 1000}`, 'hwclock --systohc --utc']);
});

it('says why it could not', async () => {
  const { setter: refused } = setter('date', {
    ok: false,
    output: 'Thu Jan 1\ndate: cannot set date: Operation not permitted\n',
  });
  expect(await refused.set(() => START)).toEqual({
    outcome: 'failed',
    reason: 'date: cannot set date: Operation not permitted',
  });
});

it('runs a program without a shell and survives one that is missing or fails', async () => {
  expect(await runCommand(process.execPath, ['-p', '"a b"'])).toEqual({ ok: true, output: 'a b\n' });
  expect(await runCommand(process.execPath, ['-e', 'process.exit(3)'])).toMatchObject({ ok: false });
  expect((await runCommand('/nowhere/at-all', [])).output).toContain('ENOENT');
});

it('believes NTP first, then an RTC, then nothing', async () => {
  const folder = tempDir('clock');
  const [timesyncFlag, rtcPath] = [join(folder, 'synchronized'), join(folder, 'since_epoch')];
  const clock = new FakeClock({ start: START });
  const clockWith = (answer: CommandResult) =>
    new SystemReferenceClock({ clock, run: recorder(answer).run, timesyncFlag, rtcPath });
  const no = { ok: true, output: 'no\n' };
  expect(await clockWith(no).read()).toBeUndefined();
  expect(await clockWith({ ok: false, output: 'yes' }).read()).toBeUndefined();
  await writeFile(rtcPath, '1767225600\n');
  expect(await clockWith(no).read()).toEqual({
    kind: 'rtc',
    instant: 1_767_225_600_500,
    at: 0,
    boundMs: 2_000,
  });
  const ntp = { kind: 'ntp', instant: START, at: 0, boundMs: 1_000 };
  expect(await clockWith({ ok: true, output: 'yes\n' }).read()).toEqual(ntp);
  await writeFile(timesyncFlag, '');
  expect(await clockWith(no).read()).toEqual(ntp);
  await writeFile(rtcPath, 'rubbish');
});

const ESTIMATE = {
  offsetToBoot: START,
  errorBoundMs: 3,
  dispute: null,
  limits: { lower: [{ at: 1, offset: 2 }], upper: [] },
};
const STORED: StoredTime = {
  version: 2,
  bootId: 'b',
  at: 1.5,
  notBefore: START + 1,
  lastSignedAt: START,
  estimate: ESTIMATE,
};

it('stores whole files, and sets a file aside that it cannot understand', async () => {
  const folder = tempDir('time');
  const path = join(folder, 'time.json');
  const bad: string[] = [];
  const store = new FileTimeStore({ path, onBad: (where) => bad.push(where) });
  expect(await store.load()).toBeUndefined();
  await store.save(STORED);
  expect(await store.load()).toEqual(STORED);
  expect(bad).toEqual([]);
  for (const text of [
    '{"version":1',
    JSON.stringify({ ...STORED, estimate: { ...ESTIMATE, errorBoundMs: -1 } }),
    JSON.stringify({ ...STORED, version: 3 }),
  ]) {
    await writeFile(path, text);
    expect(await store.load()).toBeUndefined();
    expect(await readFile(`${path}.bad`, 'utf8')).toBe(text);
  }
  expect(await readdir(folder)).toEqual(['time.json.bad']);
  expect(bad).toEqual([`${path}.bad`, `${path}.bad`, `${path}.bad`]);
  await mkdir(path);
  expect(await store.load()).toBeUndefined();
  expect(bad.at(-1)).toBe(path);
});

it('reads what an earlier agent has stored: the time was not before the newest signed reply', async () => {
  const path = join(tempDir('time'), 'time.json');
  const store = new FileTimeStore({ path, onBad: () => expect.unreachable() });
  await writeFile(
    path,
    JSON.stringify({ version: 1, bootId: 'b', at: 1.5, lastSignedAt: START, ...ESTIMATE }),
  );
  expect(await store.load()).toEqual({ ...STORED, notBefore: START });
});

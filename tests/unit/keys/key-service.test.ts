import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  exportSigningKey,
  generateSigningKey,
  KeyRing,
  type KeyStatement,
  signKeyStatement,
} from '#protocols';
import { KeyService } from '../../../server/domain/keys/key-service.ts';
import type { KeyVault } from '../../../server/domain/keys/key-vault.ts';
import { TimeService } from '../../../server/domain/keys/time-service.ts';
import { KeyFiles } from '../../../server/storage/key-files.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const clock = new FakeClock();

async function started(vault: KeyVault): Promise<KeyService> {
  const keys = new KeyService({ vault, clock });
  await keys.start();
  return keys;
}

async function ringOf(keys: KeyService): Promise<KeyRing> {
  let ring = KeyRing.pinned(keys.rootKeys);
  for (const statement of keys.statementsAfter(0)) ring = await ring.extend(statement);
  return ring;
}

describe('the keys of a controller', () => {
  it('are made at the first start, kept for their owner alone, and the same ever after', async () => {
    const folder = join(tempDir('keys'), 'keys');
    const first = await started(new KeyFiles({ folder }));
    expect((await readdir(folder)).sort()).toEqual(['operational.pem', 'root.pem', 'statements.jsonl']);
    for (const name of await readdir(folder))
      expect((await stat(join(folder, name))).mode & 0o777, name).toBe(0o600);
    const again = await started(new KeyFiles({ folder }));
    expect(again.rootKeys).toEqual(first.rootKeys);
    expect(again.statementsAfter(0)).toEqual(first.statementsAfter(0));
    const { document } = await first.sign('order', { v: 1 });
    expect((await again.verify('order', document)).hash).toHaveLength(64);
  });

  it('are completed after a first start that was cut off anywhere', async () => {
    for (const missing of [['statements.jsonl'], ['statements.jsonl', 'root.pem']]) {
      const folder = join(tempDir('keys'), 'keys');
      await started(new KeyFiles({ folder }));
      for (const name of missing) await rm(join(folder, name));
      const keys = await started(new KeyFiles({ folder }));
      expect((await ringOf(keys)).n).toBe(1);
    }
  });

  it('work on without the root key, which may be kept elsewhere', async () => {
    const folder = join(tempDir('keys'), 'keys');
    const { rootKeys } = await started(new KeyFiles({ folder }));
    await rm(join(folder, 'root.pem'));
    const keys = await started(new KeyFiles({ folder }));
    expect(keys.rootKeys).toEqual(rootKeys);
    await expect(keys.rotate()).rejects.toThrow(/root key/);
  });

  it('of an earlier version may sign stops and plans after the next start', async () => {
    const folder = join(tempDir('keys'), 'keys');
    const vault = new KeyFiles({ folder });
    await mkdir(folder, { recursive: true });
    const [root, operational] = [generateSigningKey(), generateSigningKey()];
    await vault.writeKey('root', exportSigningKey(root));
    await vault.writeKey('operational', exportSigningKey(operational));
    const { kid, publicKey } = operational;
    const first: KeyStatement = {
      ...{ v: 1, n: 1, previous: null, roots: [root.publicKey], issuedAt: 0 },
      keys: [{ kid, publicKey, uses: ['order', 'assignment', 'time'] }],
    };
    await vault.writeStatements([await signKeyStatement(first, root)]);
    const pem = await vault.readKey('root');
    await rm(join(folder, 'root.pem'));
    const without = await started(vault);
    expect(without.missingUses).toEqual(['plan', 'latch', 'audit']);
    await without.sign('order', { v: 1 });
    await expect(without.sign('latch', { v: 1 })).rejects.toThrow(/do not let the operational key sign/);
    await vault.writeKey('root', pem ?? '');
    const keys = await started(vault);
    expect([keys.missingUses, keys.statementNumber]).toEqual([[], 2]);
    const ring = await ringOf(keys);
    expect(ring.find(kid, 'latch')).toBeDefined();
    expect((await keys.sign('latch', { v: 1 })).hash).toHaveLength(64);
  });

  it('are refused when the folder was put together from two', async () => {
    const [a, b] = [join(tempDir('keys'), 'a'), join(tempDir('keys'), 'b')];
    const one = new KeyFiles({ folder: a });
    const two = new KeyFiles({ folder: b });
    await mkdir(b, { recursive: true });
    await started(one);
    await started(two);
    await two.writeStatements(await one.readStatements());
    await rm(join(b, 'root.pem'));
    await expect(started(two)).rejects.toThrow(/does not name the operational key/);
  });

  it('rotate, and are followed by who was away', async () => {
    const folder = join(tempDir('keys'), 'keys');
    const keys = await started(new KeyFiles({ folder }));
    const away = await ringOf(keys);
    const before = await keys.sign('assignment', { v: 1 });
    await keys.rotate();
    await keys.rotate();
    expect(keys.statementsAfter(away.n)).toHaveLength(2);
    let ring = away;
    for (const statement of keys.statementsAfter(away.n)) ring = await ring.extend(statement);
    expect(ring.n).toBe(3);
    await expect(keys.verify('assignment', before.document)).rejects.toMatchObject({
      code: 'document.unsigned',
    });
    expect((await started(new KeyFiles({ folder }))).statementNumber).toBe(3);
  });

  it('take up a rotation that was cut off between its two files', async () => {
    const files = new KeyFiles({ folder: join(tempDir('keys'), 'keys') });
    const keys = await started(files);
    const operational = await files.readKey('operational');
    await keys.rotate();
    await files.writeKey('operational', operational as string);
    const again = await started(files);
    expect(again.statementNumber).toBe(3);
    expect((await ringOf(again)).n).toBe(3);
    await again.verify('order', (await again.sign('order', { v: 1 })).document);
  });
});

it('tells time finer than the wall clock, inside its millisecond, and follows its steps', () => {
  let wall = 1_000;
  let monotonic = 0;
  const coarse = { now: () => wall, monotonic: () => monotonic, setTimer: clock.setTimer.bind(clock) };
  const time = new TimeService({ clock: coarse, keys: { sign: fail, isCurrent: () => true, verify: fail } });
  expect(time.now()).toBe(1_000);
  monotonic = 0.4;
  expect(time.now()).toBeCloseTo(1_000.4);
  monotonic = 1.7;
  wall = 1_001;
  expect(time.now()).toBeCloseTo(1_001.7);
  wall = 1_003;
  monotonic = 2.2;
  expect(time.now()).toBe(1_003);
  wall = 500;
  const back = time.now();
  expect(back).toBeGreaterThanOrEqual(500);
  expect(back).toBeLessThan(501);
});

function fail(): never {
  throw new Error('not expected');
}

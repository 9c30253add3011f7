import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  exportSigningKey,
  generateSigningKey,
  importSigningKey,
  KeyRing,
  keyStatementCodec,
  payloadOf,
  signDocument,
  signKeyStatement,
} from '#protocols';
import { silentLog } from '../../../device-agent/log.ts';
import { KeyStore } from '../../../device-agent/state/key-store.ts';
import { KeyService } from '../../../server/domain/keys/key-service.ts';
import type { Storage } from '../../../server/domain/unit-of-work.ts';
import { keysCommand } from '../../../server/keys/commands.ts';
import { KeyFiles } from '../../../server/storage/key-files.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const clock = new FakeClock();

/** Keys are in files. */
const unusedStorage: Storage = {
  get read(): never {
    throw new Error('the database was asked');
  },
  transaction: () => Promise.reject(new Error('the database was asked')),
};

async function station() {
  const folder = join(tempDir('keys'), 'keys');
  const files = new KeyFiles({ folder });
  const keys = async () => {
    const service = new KeyService({ vault: files, clock });
    await service.start();
    return service;
  };
  const said: string[] = [];
  const command = (...args: string[]) =>
    keysCommand({
      args,
      folder,
      clock,
      publicUrl: 'https://xa.example',
      own: async () => ({ storage: unusedStorage, release: async () => undefined }),
      say: (line) => said.push(line),
    });
  const first = await keys();
  return { folder, files, keys, first, command, said, pinned: KeyRing.pinned(first.rootKeys) };
}

async function follow(ring: KeyRing, statements: readonly string[]): Promise<KeyRing> {
  let at = ring;
  for (const statement of statements) at = await at.extend(statement);
  return at;
}

describe('a loudspeaker that was away', () => {
  it('holds statement 1, meets statement 5 with another root, and believes the new key alone', async () => {
    const { first, keys, pinned, files } = await station();
    const held = await follow(pinned, first.statementsAfter(0));
    const stolen = importSigningKey((await files.readKey('operational')) ?? '');
    await first.rotate();
    await first.newRoot();
    await first.rotate();
    const now = await keys();
    expect(now.statementNumber).toBe(5);
    const ring = await follow(held, now.statementsAfter(held.n));
    expect(ring.n).toBe(5);
    const order = await now.sign('order', { v: 1 });
    expect(ring.find(now.keyId, 'order')).toBeDefined();
    expect(order.hash).toHaveLength(64);
    // A thief who kept the first operational key.
    await signDocument('order', { v: 1 }, stolen);
    expect(ring.find(stolen.kid, 'order')).toBeUndefined();
    // He cannot name himself either: an operational key signs no statement.
    const last = now.statementsAfter(4)[0] ?? '';
    const forged = { ...keyStatementCodec.parse(payloadOf(last)), n: 6 };
    await expect(ring.extend(await signKeyStatement(forged, stolen))).rejects.toMatchObject({
      code: 'document.unsigned',
    });
  });

  it.each<[string, (statements: readonly string[]) => readonly string[]]>([
    ['with one left out', ([second, , fourth]) => [second ?? '', fourth ?? '']],
    ['from the middle', ([, third]) => [third ?? '']],
    ['told twice', ([second]) => [second ?? '', second ?? '']],
    ['rolled back to its own', () => []],
  ])('does not follow a chain %s beyond what proves itself', async (_how, spoil) => {
    const { first, pinned } = await station();
    const [one = ''] = first.statementsAfter(0);
    const held = await pinned.extend(one);
    await first.rotate();
    await first.newRoot();
    await first.rotate();
    const told = spoil(first.statementsAfter(1));
    let ring = held;
    const refused: unknown[] = [];
    for (const statement of [...told, one])
      ring = await ring.extend(statement).catch((error: unknown) => {
        refused.push(error);
        return ring;
      });
    expect(refused.length).toBeGreaterThan(0);
    expect(ring.n).toBeLessThan(5);
    expect(ring.find(first.keyId, 'order')).toBeUndefined();
  });

  it('refuses a statement that an earlier root signs after it was replaced', async () => {
    const { first, pinned, files } = await station();
    const oldRoot = importSigningKey((await files.readKey('root')) ?? '');
    await first.newRoot();
    const ring = await follow(pinned, first.statementsAfter(0));
    const thief = generateSigningKey();
    const forged = {
      ...keyStatementCodec.parse(payloadOf(first.statementsAfter(1)[0] ?? '')),
      n: 3,
      keys: [{ kid: thief.kid, publicKey: thief.publicKey, uses: ['order'] }],
    };
    await expect(ring.extend(await signKeyStatement(forged, oldRoot))).rejects.toMatchObject({
      code: 'document.unsigned',
    });
  });
});

describe('a loudspeaker that is enrolled after the root was replaced', () => {
  it('begins with what the root that it pins has signed, and follows from there', async () => {
    const { first, keys, files } = await station();
    const oldRoot = importSigningKey((await files.readKey('root')) ?? '');
    await first.newRoot();
    const folder = tempDir('agent');
    const pins = first.rootKeys;
    const store = new KeyStore({ folder, rootKeys: pins, log: silentLog });
    expect(await store.extend(first.statementsAfter(0))).toBe(1);
    expect(store.ring.find(first.keyId, 'order')).toBeDefined();
    await first.rotate();
    // After a restart, from the disk.
    const again = new KeyStore({ folder, rootKeys: pins, log: silentLog });
    await again.load(clock.now());
    expect(await again.extend(first.statementsAfter(again.ring.n))).toBe(1);
    expect(again.ring.find(first.keyId, 'order')).toBeDefined();
    // The root that was replaced says nothing to it.
    const thief = generateSigningKey();
    const last = keyStatementCodec.parse(payloadOf(first.statementsAfter(0).at(-1) ?? ''));
    const forged = { ...last, n: last.n + 1, keys: [{ ...thief, uses: ['order'] }] };
    const fresh = new KeyStore({ folder: tempDir('agent'), rootKeys: pins, log: silentLog });
    expect(await fresh.extend([await signKeyStatement(forged, oldRoot)])).toBe(0);
    // A folder from before, where the new root has vouched for nothing yet.
    await files.writeStatements(first.statementsAfter(0).slice(0, 2));
    await files.writeKey('operational', exportSigningKey(generateSigningKey()));
    const restarted = await keys();
    expect(await fresh.extend(restarted.statementsAfter(0))).toBeGreaterThan(0);
    expect(fresh.ring.find(restarted.keyId, 'order')).toBeDefined();
  });
});

describe('a loudspeaker that is enrolled after a rotation', () => {
  it('is not led back to the key that was replaced, neither by what is served nor by what lies on its disk', async () => {
    const { first } = await station();
    const old = first.keyId;
    const [before = ''] = first.statementsAfter(0);
    const folder = tempDir('agent');
    const rootKeys = first.rootKeys;
    await new KeyStore({ folder, rootKeys, log: silentLog }).extend([before]);
    await first.rotate();
    const statement = first.newestStatement;
    const store = new KeyStore({ folder, rootKeys, statement, log: silentLog });
    // From an earlier enrolment, or put there.
    await store.load(clock.now());
    expect(await store.extend([before])).toBe(0);
    expect([store.ring.n, store.ring.find(old, 'order')]).toEqual([0, undefined]);
    expect(await store.extend(first.statementsAfter(store.ring.n))).toBe(2);
    expect(store.ring.find(old, 'order')).toBeUndefined();
    expect(store.ring.find(first.keyId, 'order')).toBeDefined();
    // It follows further ones, and after a restart from its disk.
    await first.rotate();
    const again = new KeyStore({ folder, rootKeys, statement, log: silentLog });
    await again.load(clock.now());
    expect(await again.extend(first.statementsAfter(again.ring.n))).toBe(1);
    expect(again.ring.find(first.keyId, 'order')).toBeDefined();
  });

  it('believes no other statement of that number, though a root has signed it', async () => {
    const { first, files } = await station();
    const root = importSigningKey((await files.readKey('root')) ?? '');
    const [before = ''] = first.statementsAfter(0);
    await first.rotate();
    const { rootKeys, newestStatement: statement } = first;
    const last = keyStatementCodec.parse(payloadOf(first.statementsAfter(1)[0] ?? ''));
    const other = await signKeyStatement({ ...last, issuedAt: last.issuedAt + 1 }, root);
    const store = new KeyStore({ folder: tempDir('agent'), rootKeys, statement, log: silentLog });
    expect(await store.extend([before, other])).toBe(0);
    expect(store.ring.n).toBe(0);
  });
});

describe('npm run keys', () => {
  it('takes the root offline into a file, and uses it from there once', async () => {
    const { folder, files, command, keys, said } = await station();
    const file = join(tempDir('usb'), 'khoa-goc.pem');
    expect(await command('offline-root', file)).toBe(0);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).not.toContain('root.pem');
    expect(said.join('\n')).not.toContain('PRIVATE KEY');
    await expect(command('rotate')).rejects.toMatchObject({ code: 'key.root_missing' });
    const before = (await keys()).keyId;
    expect(await command('rotate', '--root', file)).toBe(0);
    const after = await keys();
    expect([after.statementNumber, after.keyId === before, await after.hasRoot()]).toEqual([2, false, false]);
    expect(await files.readKey('root')).toBeNull();
    // What is there is not written over.
    await expect(command('offline-root', file)).rejects.toThrow();
  });

  it('names a new root and a spare one, which can take over when the first is lost', async () => {
    const { folder, command, keys, pinned } = await station();
    const spare = join(tempDir('usb'), 'du-phong.pem');
    expect(await command('new-root', '--spare', spare)).toBe(0);
    await rm(join(folder, 'root.pem'));
    expect(await command('new-root', '--root', spare)).toBe(0);
    const now = await keys();
    expect([now.statementNumber, now.rootKeys.length, await now.hasRoot()]).toEqual([5, 1, true]);
    expect((await follow(pinned, now.statementsAfter(0))).n).toBe(5);
  });

  it('refuses a root that is not in force, and says how it is called', async () => {
    const { files, command } = await station();
    const file = join(tempDir('usb'), 'cu.pem');
    await command('offline-root', file);
    await files.writeKey('root', await readFile(file, 'utf8'));
    await command('new-root');
    await expect(command('rotate', '--root', file)).rejects.toMatchObject({ code: 'key.not_a_root' });
    for (const wrong of [[], ['renew'], ['rotate', 'x'], ['offline-root']])
      expect(await command(...wrong)).toBe(2);
  });

  it('takes up a change of the root that was cut off anywhere', async () => {
    for (const cut of ['writeStatements', 'removeKey'] as const) {
      const { files, first, keys, pinned } = await station();
      const real = files[cut].bind(files) as (...args: never[]) => Promise<void>;
      Object.assign(files, {
        [cut]: async () => {
          throw new Error('power cut');
        },
      });
      await expect(first.newRoot()).rejects.toThrow('power cut');
      Object.assign(files, { [cut]: real });
      const again = await keys();
      expect(again.statementNumber).toBe(cut === 'writeStatements' ? 1 : 3);
      // The root that is here is one that loudspeakers follow.
      await again.rotate();
      expect((await follow(pinned, again.statementsAfter(0))).n).toBe(again.statementNumber);
      expect(await files.readKey('next-root')).toBeNull();
    }
  });
});

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { generateSigningKey, KeyRing, type Latch, sha256, signDocument } from '#protocols';
import { TrustedTime } from '../../../device-agent/clock/index.ts';
import { LatchStore } from '../../../device-agent/latches/latch-store.ts';
import { Latches } from '../../../device-agent/latches/latches.ts';
import { silentLog } from '../../../device-agent/log.ts';
import { KeyStore } from '../../../device-agent/state/key-store.ts';
import { OwedWrites } from '../../../device-agent/state/owed-writes.ts';
import { Prover } from '../../../device-agent/state/prover.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const key = generateSigningKey();
const COPIES = ['latches.json', 'latches.2.json'] as const;

async function latch(id: string, revision: number) {
  const latch: Latch = {
    ...{ v: 1, id, scope: { kind: 'area', id: 'tan-an' }, revision, state: 'set', by: 'chu-tich' },
    ...{ reason: 'dừng', issuedAt: 0 },
  };
  const document = await signDocument('latch', latch, key);
  return { document, hash: sha256(document), latch };
}

/** What a start finds on this disk. */
async function started(folder: string) {
  const clock = new FakeClock();
  const owed = new OwedWrites({ clock, log: silentLog });
  const store = new LatchStore({ folder, log: silentLog, owed });
  await store.load(KeyRing.pinned([]));
  const keys = new KeyStore({ folder, rootKeys: [], log: silentLog });
  const latches = new Latches({
    ...{ speakerId: 'spk-1', store, areas: () => ['tan-an'], log: silentLog, note: () => undefined },
    prover: new Prover({ keys, clock, log: silentLog, updateKeys: async () => 0 }),
    time: new TrustedTime({ clock, bootId: 'boot' }),
  });
  return { store, latches };
}

/** A disk on which two latches were stored, one after the other. */
async function disk(): Promise<string> {
  const folder = tempDir();
  const { store } = await started(folder);
  for (const one of [await latch('lat-1', 1), await latch('lat-2', 2)]) {
    store.put(one);
    await store.save();
  }
  return folder;
}

/** One character of an id: the file reads well afterwards. */
function damage(folder: string, name: string): void {
  const path = join(folder, name);
  writeFileSync(path, readFileSync(path, 'utf8').replace('lat-1', 'lat-7'));
}

it.each(COPIES)('damage to one copy of the latches changes nothing (%s)', async (name) => {
  const folder = await disk();
  damage(folder, name);
  const { store, latches } = await started(folder);
  expect([latches.set, store.wasReleased('lat-1'), store.inDoubt]).toEqual([['lat-2'], true, false]);
  // Both are whole again.
  rmSync(join(folder, COPIES[name === COPIES[0] ? 1 : 0]));
  expect((await started(folder)).latches.set).toEqual(['lat-2']);
});

it('while both copies are damaged nothing sounds, over restarts, until the controller has told what is stopped', async () => {
  const folder = await disk();
  damage(folder, COPIES[0]);
  writeFileSync(join(folder, COPIES[1]), '{');
  for (let start = 0; start < 2; start++) {
    const { latches } = await started(folder);
    // No id: no order can lift it.
    expect(latches.set).toEqual(['?']);
  }
  const { store, latches } = await started(folder);
  let changes = 0;
  latches.onChange(() => {
    changes += 1;
  });
  store.put(await latch('lat-3', 3));
  await store.save();
  expect(latches.set).toEqual(['lat-3', '?']);
  await latches.welcomed();
  expect([latches.set, changes]).toEqual([['lat-3'], 1]);
  expect((await started(folder)).latches.set).toEqual(['lat-3']);
});

it('a file of an older version, of one copy, is read', async () => {
  const folder = tempDir();
  const { document } = await latch('lat-1', 1);
  writeFileSync(join(folder, COPIES[0]), JSON.stringify({ v: 1, documents: [document], released: [] }));
  expect((await started(folder)).latches.set).toEqual(['lat-1']);
});

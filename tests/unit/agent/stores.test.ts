import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Assignment, generateSigningKey, KeyRing, signDocument, signKeyStatement } from '#protocols';
import { silentLog } from '../../../device-agent/log.ts';
import { AssignmentStore } from '../../../device-agent/state/assignment-store.ts';
import { KeyStore } from '../../../device-agent/state/key-store.ts';
import { SessionEpoch } from '../../../device-agent/state/session-epoch.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { openRules } from '../../integration/agent/test-controller.ts';

const root = generateSigningKey();
const key = generateSigningKey();

function statement(): Promise<string> {
  const { kid, publicKey } = key;
  const keys = [{ kid, publicKey, uses: ['assignment' as const] }];
  return signKeyStatement({ v: 1, n: 1, previous: null, roots: [root.publicKey], keys, issuedAt: 0 }, root);
}

function assignment(revision: number): Promise<string> {
  const made: Assignment = {
    ...{ v: 1, speakerId: 'spk-1', revision, areas: ['vn'], zone: 'Asia/Ho_Chi_Minh' },
    ...{
      volume: { gainDb: 0, capDb: 0, profile: [] },
      rules: openRules(),
      mute: null,
      maintenance: null,
      endpoints: [],
      issuedAt: 0,
    },
  };
  return signDocument('assignment', made, key);
}

/** A folder in which nothing can be written: it is not there. */
const nowhere = () => join(tempDir(), 'gone');

it('two copies of an assignment that come together are taken once, and the newest stays on the disk', async () => {
  const folder = tempDir();
  const ring = await KeyRing.pinned([root.publicKey]).extend(await statement());
  const store = new AssignmentStore({ folder, speakerId: 'spk-1', log: silentLog });
  const [first, second] = [await assignment(1), await assignment(2)];
  const taken = await Promise.all([first, first, second, second].map((one) => store.accept(one, ring)));
  expect(taken.map((one) => one !== undefined)).toEqual([true, false, true, false]);
  expect(readFileSync(join(folder, 'assignment.jws'), 'latin1')).toBe(second);
  await expect(store.accept(first, ring)).rejects.toMatchObject({ code: 'document.stale_revision' });
});

it('what the controller wants holds at once, even where the disk takes nothing', async () => {
  const folder = nowhere();
  const keys = new KeyStore({ folder, rootKeys: [root.publicKey], log: silentLog });
  expect(await keys.extend([await statement()])).toBe(1);
  const store = new AssignmentStore({ folder, speakerId: 'spk-1', log: silentLog });
  await store.accept(await assignment(1), keys.ring);
  expect(store.held?.assignment.revision).toBe(1);
});

it('numbers of connections grow, with and without a disk', async () => {
  const folder = nowhere();
  const epochs = new SessionEpoch({ folder, log: silentLog });
  expect([await epochs.next(1_000), await epochs.next(1_000), await epochs.next(5_000)]).toEqual([
    1_000, 1_001, 5_000,
  ]);
  mkdirSync(folder);
  expect(await epochs.next(0)).toBe(5_001);
  expect(await new SessionEpoch({ folder, log: silentLog }).next(0)).toBe(5_002);
});

import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { generateSigningKey, type Provisioning, type Rehome, signDocument } from '#protocols';
import { handOver } from '../../../device-agent/home/hand-over.ts';
import { writeHome } from '../../../device-agent/home/home-file.ts';
import { HANDED_OVER } from '../../../device-agent/home/home-mover.ts';
import { silentLog } from '../../../device-agent/log.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const root = generateSigningKey();
const newRoot = generateSigningKey();
const home = { v: 1, url: 'https://xa-moi.example', endpoints: [], roots: [newRoot.publicKey] } as const;
const enrolled: Provisioning = {
  ...{ v: 1, speakerId: 'loa-1', secret: 's'.repeat(43), rootKeys: [root.publicKey] },
  url: 'https://xa-cu.example',
};

function document(change: Partial<Rehome> = {}, key = root): Promise<string> {
  const rehome: Rehome = {
    ...{ v: 1, n: 1, areas: [], speakers: ['loa-1'], issuedAt: 0, expiresAt: 1 },
    home: { ...home, endpoints: [], roots: [...home.roots] },
    ...change,
  };
  return signDocument('rehome', rehome, key);
}

it('takes a document of the root in force that was brought by hand, and no other', async () => {
  const dataFolder = tempDir('hand-over');
  const file = join(tempDir('usb'), 'chuyen.jws');
  const clock = new FakeClock();
  const take = async (text: string) => {
    writeFileSync(file, `${text}\n`);
    return handOver({ file, dataFolder, enrolled, clock, log: silentLog });
  };
  for (const bad of [
    await document({}, generateSigningKey()),
    await document({ speakers: ['loa-2'] }),
    await document({}, newRoot),
    'không phải văn bản',
  ])
    await expect(take(bad)).rejects.toThrow(/Không nhận văn bản/);
  expect(existsSync(join(dataFolder, HANDED_OVER))).toBe(false);
  const good = await document();
  expect(await take(good)).toContain(home.url);
  const taken = join(dataFolder, HANDED_OVER);
  expect([readFileSync(taken, 'utf8'), statSync(taken).mode & 0o777]).toEqual([`${good}\n`, 0o600]);
  // Where it was moved since, the root of that home counts.
  await writeHome(dataFolder, enrolled, {
    home: { ...home, endpoints: [], roots: [...home.roots] },
    name: 'home-1',
    sessionEpoch: 3,
  });
  await mkdir(join(dataFolder, 'home-1'));
  await expect(take(good)).rejects.toThrow(/Không nhận văn bản/);
  expect(await take(await document({}, newRoot))).toContain('loa-1');
});

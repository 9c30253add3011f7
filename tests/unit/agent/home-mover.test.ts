import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  generateSigningKey,
  type Home,
  KeyRing,
  type Rehome,
  type SigningKey,
  signDocument,
  signKeyStatement,
} from '#protocols';
import { HANDED_OVER, HomeMover } from '../../../device-agent/home/home-mover.ts';
import { silentLog } from '../../../device-agent/log.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const HOUR_MS = 3_600_000;
const root = generateSigningKey();
const operational = generateSigningKey();
const elsewhere: Home = {
  ...{ v: 1, url: 'https://xa-moi.example', endpoints: [], roots: [generateSigningKey().publicKey] },
};
const here: Home = { v: 1, url: 'https://xa-cu.example', endpoints: [], roots: [root.publicKey] };

async function ringOf(): Promise<KeyRing> {
  const { kid, publicKey } = operational;
  const statement = { v: 1, n: 1, previous: null, roots: [root.publicKey], issuedAt: 0 } as const;
  const keys = [{ kid, publicKey, uses: ['order', 'assignment', 'rehome'] }];
  return KeyRing.pinned([root.publicKey]).extend(
    await signKeyStatement({ ...statement, roots: [root.publicKey], keys }, root),
  );
}

/** A loudspeaker as far as moving goes: what is tried and where it went is written down. */
async function loudspeaker(folder = tempDir('rehome')) {
  const clock = new FakeClock();
  const ring = await ringOf();
  const state = { trusted: true, quiet: true, greets: true };
  const tried: string[] = [];
  const gone: string[] = [];
  const said: string[] = [];
  const mover = new HomeMover({
    ...{ dataFolder: folder, speakerId: 'loa-1', url: here.url, clock, log: silentLog, random: () => 0 },
    time: {
      now: () => ({
        ...{ instant: clock.now(), boundMs: 5 },
        trust: state.trusted ? ('trusted' as const) : ('untrusted' as const),
      }),
    },
    prover: { ring, taking: (take) => take() },
    areas: () => ['vn', 'xa-cu', 'ap-1'],
    trial: ({ url }) => ({
      start: async () => {
        tried.push(url);
      },
      stop: async () => undefined,
      greeted: state.greets ? Promise.resolve(7) : new Promise<number>(() => undefined),
    }),
    quiet: () => state.quiet,
    takeLeave: async ({ url }) => {
      said.push(url);
    },
    go: async ({ url }, name, sessionEpoch) => {
      gone.push(`${url} ${name} ${sessionEpoch}`);
    },
  });
  await mover.start();
  onTestFinished(() => mover.stop());
  let n = 100;
  const document = (change: Partial<Rehome> = {}, key: SigningKey = root) => {
    const now = Math.floor(clock.now());
    const rehome: Rehome = {
      ...{ v: 1, n: n++, areas: [], speakers: ['loa-1'], home: elsewhere },
      ...{ issuedAt: now, expiresAt: now + 24 * HOUR_MS },
      ...change,
    };
    return signDocument('rehome', rehome, key);
  };
  return { folder, clock, state, tried, gone, said, mover, document };
}

describe('a document that moves a loudspeaker', () => {
  it('is followed once the other controller has greeted it, and written down before it goes', async () => {
    const { mover, clock, document, tried, said, gone } = await loudspeaker();
    expect(await mover.take(await document())).toBe('taken');
    await clock.advance(0);
    await expect.poll(() => gone).toEqual([`${elsewhere.url} home-100 7`]);
    expect([tried, said]).toEqual([[elsewhere.url], [elsewhere.url]]);
  });

  it('may name an area above it, and means nobody else', async () => {
    const { mover, document, gone } = await loudspeaker();
    expect(await mover.take(await document({ speakers: ['loa-2'], areas: ['xa-khac'] }))).toBe('not_meant');
    expect(await mover.take(await document({ speakers: [], areas: ['xa-cu'] }))).toBe('taken');
    await expect.poll(() => gone.length).toBe(1);
  });

  it('does nothing when it is forged', async () => {
    const { mover, document, tried } = await loudspeaker();
    const good = await document();
    const [head = '', , signature = ''] = good.split('.');
    const other = (await document({ home: { ...elsewhere, url: 'https://ke-gian.example' } })).split('.')[1];
    for (const forged of [
      await document({}, generateSigningKey()),
      // Not even with a statement that lets it sign this: a root alone does.
      await document({}, operational),
      await signDocument('order', { v: 1 }, root),
      [head, other, signature].join('.'),
      `${good}x`,
      '',
      'no document',
    ])
      expect(await mover.take(forged)).toBe('refused');
    expect(mover.moving).toBe(false);
    expect(tried).toEqual([]);
  });

  it('does nothing when it comes again, is older, or is over', async () => {
    const { mover, clock, document, gone, tried } = await loudspeaker();
    const [older, first] = [await document(), await document()];
    const over = await document({ expiresAt: Math.floor(clock.now()) - 1 });
    expect(await mover.take(over)).toBe('expired');
    expect(await mover.take(first)).toBe('taken');
    await expect.poll(() => gone.length).toBe(1);
    for (const again of [first, older]) expect(await mover.take(again)).toBe('old');
    expect(tried).toHaveLength(1);
  });

  it('does nothing after a restart either, nor back at this home after another one', async () => {
    const first = await loudspeaker();
    const taken = await first.document();
    await first.mover.take(taken);
    await expect.poll(() => first.gone.length).toBe(1);
    await first.mover.stop();
    const again = await loudspeaker(first.folder);
    expect(await again.mover.take(taken)).toBe('old');
  });

  it('keeps the home in force while the new one does not greet, tries again with pauses, and is over at its end', async () => {
    const { mover, clock, document, state, tried, gone, folder } = await loudspeaker();
    state.greets = false;
    await mover.take(await document({ expiresAt: Math.floor(clock.now()) + 12 * HOUR_MS }));
    await clock.advance(11 * HOUR_MS);
    expect(gone).toEqual([]);
    expect(tried.length).toBeGreaterThan(8);
    expect(tried.length).toBeLessThan(30);
    expect(mover.moving).toBe(true);
    await clock.advance(2 * HOUR_MS);
    await expect.poll(() => mover.moving).toBe(false);
    expect(JSON.parse(readFileSync(join(folder, 'rehome.json'), 'utf8'))).toMatchObject({ pending: null });
    expect(gone).toEqual([]);
  });

  it('goes on after a restart with what was under way', async () => {
    const first = await loudspeaker();
    first.state.greets = false;
    await first.mover.take(await first.document());
    await first.mover.stop();
    const again = await loudspeaker(first.folder);
    await expect.poll(() => again.gone.length).toBe(1);
  });

  it('waits until nothing sounds, and until time is trusted', async () => {
    const { mover, clock, document, state, tried, gone } = await loudspeaker();
    Object.assign(state, { quiet: false, trusted: false });
    await mover.take(await document());
    await clock.advance(10_000);
    expect(tried).toEqual([]);
    state.trusted = true;
    await clock.advance(60_000);
    expect([tried.length, gone.length]).toEqual([1, 0]);
    state.quiet = true;
    await clock.advance(1_000);
    await expect.poll(() => gone.length).toBe(1);
  });

  it('is taken back by a later one that names the home in force', async () => {
    const { mover, clock, document, state, tried, gone } = await loudspeaker();
    state.greets = false;
    const first = await document();
    await mover.take(first);
    expect(await mover.take(await document({ home: here }))).toBe('taken_back');
    state.greets = true;
    await clock.advance(6 * HOUR_MS);
    expect([tried.length, gone.length, mover.moving]).toEqual([1, 0, false]);
    expect(await mover.take(first)).toBe('old');
  });

  it('is replaced by a later one', async () => {
    const { mover, document, state, gone } = await loudspeaker();
    state.greets = false;
    await mover.take(await document());
    state.greets = true;
    const other = { ...elsewhere, url: 'https://phuong-moi.example' };
    expect(await mover.take(await document({ home: other }))).toBe('taken');
    await expect.poll(() => gone).toEqual([`${other.url} home-101 7`]);
  });

  it('may be brought to the loudspeaker as a file', async () => {
    const folder = tempDir('rehome');
    const maker = await loudspeaker();
    writeFileSync(join(folder, HANDED_OVER), `${await maker.document()}\n`);
    const { gone } = await loudspeaker(folder);
    await expect.poll(() => gone.length).toBe(1);
  });
});

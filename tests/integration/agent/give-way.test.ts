import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { BUILT_IN_DURATIONS_MS, type PlayOrder } from '#protocols';
import { FileOutput } from '../../../device-agent/outputs/index.ts';
import { type Decoder, MemorySource } from '../../../device-agent/playback/index.ts';
import { FAKE_START } from '../../helpers/fake-clock.ts';
import { readWav } from '../../helpers/pcm.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { Lonely, lonelyAudio, lonelyContent } from './lonely.ts';
import { playOrder } from './test-controller.ts';

const FRAMES_PER_MS = 48;
const LOUD = 16_384;

/** The same loudness from the first sample to the last: what a fade makes of it can be counted. */
const steady: Decoder = {
  open: ({ durationMs, offsetMs }) =>
    new MemorySource(new Int16Array((durationMs - offsetMs) * FRAMES_PER_MS).fill(LOUD)),
};

interface Stage {
  readonly lonely: Lonely;
  readonly folder: string;
}

/** A loudspeaker that records, in fast time: its output keeps the pace of the fake clock, frame by frame. */
async function stage(): Promise<Stage> {
  const folder = tempDir('recordings');
  const lonely = await Lonely.open([], lonelyAudio, {
    agent: (clock) => ({ decoder: steady, output: new FileOutput({ clock, path: folder }) }),
  });
  lonely.trust(FAKE_START);
  await lonely.pass(100);
  return { lonely, folder };
}

let revision = 1;
function order({ lonely }: Stage, durationMs: number, change: Partial<PlayOrder> = {}): PlayOrder {
  revision += 1;
  return playOrder(lonelyContent(durationMs), {
    startsAt: Math.round(lonely.now),
    issuedAt: 1,
    revision,
    ...change,
  });
}

const urgent = { priority: 'emergency', window: null } as const;

/** The last recording, and the times of it in the fake clock: of its first sample, and of the last that is not silent. */
async function recorded({ folder }: Stage): Promise<Float32Array> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.wav'));
  const { samples } = await readWav(join(folder, names.sort().at(-1) ?? ''));
  return samples;
}

function numberOf({ lonely }: Stage, { id }: PlayOrder, kind: string): number {
  return lonely.told.findIndex((entry) => entry.orderId === id && entry.kind === kind);
}

it('a latch lets nothing sound after its fade of 200 ms, counted in the frames that the output wrote', async () => {
  const there = await stage();
  const { lonely } = there;
  const normal = order(there, 60_000);
  await lonely.order(normal);
  await lonely.pass(5_000);
  const latchedAt = lonely.clock.monotonic();
  await lonely.latch('lat-1', 1);
  // What lies in the output already sounds first: 200 ms, then the fade, to the block.
  await lonely.pass(440, 20);
  expect(lonely.kinds(normal)).toEqual(['ready', 'started', 'interrupted order.latched']);
  const samples = await recorded(there);
  const full = LOUD / 32_768;
  const lastFull = samples.findLastIndex((sample) => Math.abs(sample - full) < 1e-3);
  const lastHeard = samples.findLastIndex((sample) => sample > 0);
  expect(lastFull).toBeGreaterThan(0);
  expect(lastHeard - lastFull).toBeLessThanOrEqual(200 * FRAMES_PER_MS);
  expect(lastHeard - lastFull).toBeGreaterThan(50 * FRAMES_PER_MS);
  expect(lonely.clock.monotonic() - latchedAt).toBeLessThanOrEqual(440);
  await lonely.pass(10_000, 500);
  expect(lonely.agent.control.playing).toBeNull();
});

it('an emergency that comes while another fades out is heard at once, and what both interrupted goes on', async () => {
  const there = await stage();
  const { lonely } = there;
  const normal = order(there, 4_000);
  await lonely.order(normal);
  await lonely.pass(1_000);
  const first = order(there, 60_000, { ...urgent, afterInterruption: 'drop' });
  await lonely.order(first);
  await lonely.pass(2_000);
  expect(lonely.kinds(normal)).toEqual(['ready', 'started', 'interrupted order.preempted']);
  const second = order(there, 1_000, { ...urgent, releases: ['lat-1'] });
  await lonely.latch('lat-1', 1);
  await lonely.pass(20, 20);
  await lonely.order(second);
  await lonely.pass(3_000);
  const heard = (one: PlayOrder) => lonely.kinds(one).filter((kind) => kind !== 'ready');
  expect(heard(first)).toEqual(['started', 'interrupted order.latched']);
  expect(heard(second)).toEqual(['started', 'finished']);
  expect(numberOf(there, second, 'started')).toBeLessThan(numberOf(there, first, 'interrupted'));
  await lonely.latch('lat-1', 2, 'released');
  await lonely.pass(10_000);
  expect(lonely.kinds(normal).slice(3)).toEqual(['started', 'finished']);
  expect(lonely.agent.control.open).toBe(0);
});

it('what an emergency interrupts in its last moment is told once, as interrupted', async () => {
  const there = await stage();
  const { lonely } = there;
  const normal = order(there, 60_000);
  await lonely.order({ ...normal, hardEndAt: normal.startsAt + 2_000 });
  await lonely.pass(1_700);
  await lonely.order(order(there, 1_000, urgent));
  await lonely.pass(5_000);
  expect(lonely.kinds(normal)).toHaveLength(3);
  expect(lonely.kinds(normal)[2]).toMatch(/^interrupted order\.(preempted|hard_end)$/);
  expect(lonely.agent.control.open).toBe(0);
  expect(lonely.agent.orders.byId(normal.id)?.phase).toBe('done');
});

it('a latch that comes while one voice speaks over another stops both, and both go on after it', async () => {
  const there = await stage();
  const { lonely } = there;
  const normal = order(there, 8_000);
  await lonely.order(normal);
  await lonely.pass(1_500);
  const voice = order(there, 4_000, { priority: 'priority', overlap: 'duck' });
  await lonely.order(voice);
  await lonely.pass(2_000);
  expect(lonely.kinds(voice)).toEqual(['ready', 'started']);
  await lonely.latch('lat-1', 1);
  await lonely.pass(1_000);
  for (const one of [normal, voice])
    expect(lonely.kinds(one)).toEqual(['ready', 'started', 'interrupted order.latched']);
  expect(lonely.agent.control.playing).toBeNull();
  await lonely.latch('lat-1', 2, 'released');
  await lonely.pass(16_000);
  for (const one of [normal, voice]) expect(lonely.kinds(one).slice(3)).toEqual(['started', 'finished']);
});

it('a cancel during the sounds before the content ends it there: nothing of the content was heard', async () => {
  const there = await stage();
  const { lonely } = there;
  const normal = order(there, 8_000, { prelude: [{ name: 'chime' }] });
  await lonely.order(normal);
  await lonely.pass(BUILT_IN_DURATIONS_MS.chime / 2);
  expect(lonely.kinds(normal)).toEqual(['ready', 'started']);
  const { targets, broadcastId, issuedAt, expiresAt } = normal;
  await lonely.order({
    ...{ v: 1, kind: 'cancel', id: 'ord_cancel', broadcastId, revision: normal.revision, targets },
    ...{ requires: [], issuedAt, expiresAt, reason: 'Sai nội dung', by: 'can-bo' },
  });
  await lonely.pass(3_000);
  expect(lonely.kinds(normal)).toEqual(['ready', 'started', 'cancelled order.cancelled']);
  const cancelled = lonely.told[numberOf(there, normal, 'cancelled')];
  expect(cancelled).toMatchObject({ play: 1, fromMs: 0, toMs: 0 });
});

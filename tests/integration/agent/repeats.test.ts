import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Clock } from '#kit';
import { DomainError, type FileContent, foldDelivery, PENDING, type PlayOrder, sha256 } from '#protocols';
import { ContentCache } from '../../../device-agent/cache/content-cache.ts';
import { silentLog } from '../../../device-agent/log.ts';
import { type Decoder, SilentDecoder } from '../../../device-agent/playback/index.ts';
import { diskIdle } from '../../helpers/disk-idle.ts';
import { FAKE_START } from '../../helpers/fake-clock.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { Lonely, type LonelyOptions, lonelyAudio, lonelyContent, lonelySlot, MINUTE } from './lonely.ts';
import { openRules, playOrder } from './test-controller.ts';

const urgent = { priority: 'emergency', window: null } as const;

async function village(options: LonelyOptions = {}, slots: PlayOrder[] = []): Promise<Lonely> {
  const lonely = await Lonely.open(slots, lonelyAudio, options);
  lonely.trust(FAKE_START);
  await lonely.pass(100);
  return lonely;
}

let revision = 1;
function order(lonely: Lonely, durationMs: number, change: Partial<PlayOrder> = {}): PlayOrder {
  revision += 1;
  const startsAt = Math.round(lonely.now);
  return playOrder(lonelyContent(durationMs), { startsAt, issuedAt: 1, revision, ...change });
}

function heard(lonely: Lonely, one: PlayOrder): string[] {
  return lonely.kinds(one).filter((kind) => kind !== 'ready');
}

/** What the controller makes of it. */
function folded(lonely: Lonely, { id }: PlayOrder) {
  return lonely.told.filter(({ orderId }) => orderId === id).reduce(foldDelivery, PENDING);
}

/** Hashes nothing until `before` lets it, as a slow disk does with a large file. */
class SlowCache extends ContentCache {
  before: () => Promise<void> = async () => undefined;
  hashed = 0;

  override async verify(content: FileContent): Promise<boolean> {
    this.hashed += 1;
    await this.before();
    return super.verify(content);
  }
}

/** A loudspeaker whose cache is such a one, with the audio in it. */
async function slowVillage(
  slots: PlayOrder[] = [],
  options: LonelyOptions = {},
): Promise<{ lonely: Lonely; cache: SlowCache }> {
  const folder = tempDir('cache');
  await writeFile(join(folder, sha256(lonelyAudio)), lonelyAudio);
  const caches: SlowCache[] = [];
  const agent = (clock: Clock) => {
    const cache = new SlowCache({ folder, clock, log: silentLog, budgetBytes: 1e9 });
    caches.push(cache);
    return { cache };
  };
  const lonely = await village({ ...options, agent }, slots);
  const [cache] = caches;
  if (cache === undefined) throw new Error('the agent has no cache');
  await cache.start();
  onTestFinished(() => cache.stop());
  return { lonely, cache };
}

it('a repeated emergency that another holds up leaves out what is too late, says so, and goes on', async () => {
  const lonely = await village();
  const startsAt = Math.round(lonely.now);
  const repeated = order(lonely, 20_000, {
    ...urgent,
    latestStartAt: startsAt + 30_000,
    repeat: { count: 5, intervalMs: 40_000 },
  });
  await lonely.order(repeated);
  await lonely.pass(30_000, 500);
  const long = order(lonely, 2.5 * MINUTE, urgent);
  await lonely.order(long);
  await lonely.pass(5 * MINUTE, 1_000);
  expect(heard(lonely, long)).toEqual(['started', 'finished']);
  expect(heard(lonely, repeated)).toEqual([
    ...['started', 'finished', 'missed order.queued', 'missed order.queued'],
    ...['started', 'finished', 'started', 'finished'],
  ]);
  const missed = lonely.told.filter(({ kind }) => kind === 'missed');
  expect(missed.map(({ repetition, plannedAt }) => [repetition, plannedAt])).toEqual([
    [2, startsAt + MINUTE],
    [3, startsAt + 2 * MINUTE],
  ]);
  expect(folded(lonely, repeated)).toMatchObject({ state: 'finished', flags: ['given_up'] });
  expect(lonely.agent.control.open).toBe(0);
});

it('what an emergency interrupted and nothing can take up again is told as given up, and its receipt says why', async () => {
  const lonely = await village();
  const startsAt = Math.round(lonely.now);
  const normal = order(lonely, 20_000, { hardEndAt: startsAt + MINUTE });
  await lonely.order(normal);
  await lonely.pass(10_000, 500);
  const long = order(lonely, 2 * MINUTE, urgent);
  await lonely.order(long);
  await lonely.pass(3 * MINUTE, 1_000);
  expect(heard(lonely, long)).toEqual(['started', 'finished']);
  expect(heard(lonely, normal)).toEqual([
    ...['started', 'interrupted order.preempted'],
    expect.stringMatching(/^missed order\./),
  ]);
  const given = lonely.told.find(({ kind, orderId }) => kind === 'missed' && orderId === normal.id);
  expect(given).toMatchObject({ repetition: 1, plannedAt: startsAt });
  expect(folded(lonely, normal)).toMatchObject({
    ...{ state: 'interrupted', code: given?.code, flags: ['given_up'] },
    plays: [{ state: 'interrupted', code: 'order.preempted' }],
  });
  expect(lonely.agent.control.open).toBe(0);
});

it('repetitions that end with one that is cut at the hard end are told as given up', async () => {
  const lonely = await village();
  const hardEndAt = Math.round(lonely.now) + 35_000;
  const repeated = order(lonely, 20_000, { hardEndAt, repeat: { count: 4, intervalMs: 5_000 } });
  await lonely.order(repeated);
  await lonely.pass(MINUTE, 500);
  expect(heard(lonely, repeated)).toEqual([
    ...['started', 'finished', 'started', 'missed order.hard_end', 'interrupted order.hard_end'],
  ]);
  expect(lonely.told.find(({ kind }) => kind === 'missed')).toMatchObject({ repetition: 3 });
  expect(folded(lonely, repeated)).toMatchObject({ code: 'order.hard_end', flags: ['given_up'] });
});

it('an emergency whose sound fails is tried again until it has sounded, and the account of it is whole', async () => {
  let faults = 2;
  const silent = new SilentDecoder();
  const decoder: Decoder = {
    open: (request) => {
      const source = silent.open(request);
      if (faults-- <= 0) return source;
      const failure = new DomainError('decoder.failed', { exitCode: 1, reason: 'broken' });
      return { ...source, ready: () => Promise.reject(failure), read: () => Promise.reject(failure) };
    },
  };
  const lonely = await village({ agent: () => ({ decoder }) });
  faults = 2;
  const alarm = order(lonely, 4_000, { ...urgent, latestStartAt: Math.round(lonely.now) + 500 });
  await lonely.order(alarm);
  await lonely.pass(15_000);
  expect(heard(lonely, alarm)).toEqual([
    ...['failed decoder.failed', 'failed decoder.failed', 'started', 'finished'],
  ]);
  expect(folded(lonely, alarm)).toMatchObject({ state: 'finished', flags: [] });
});

it('an emergency does not wait for the proof of a large file that is to sound', async () => {
  const { lonely, cache } = await slowVillage();
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  cache.before = () => gate;
  const normal = order(lonely, 2_000);
  await lonely.order(normal);
  await lonely.pass(1_000);
  expect(cache.hashed).toBeGreaterThan(0);
  expect(heard(lonely, normal)).toEqual([]);
  const stored = { kind: 'stored', name: 'attention-tone', durationMs: 3_000 };
  const alarm = { ...order(lonely, 0, urgent), content: stored, requires: [] } as unknown as PlayOrder;
  await lonely.order(alarm);
  await lonely.pass(1_000);
  expect(heard(lonely, alarm)).toEqual(['started']);
  open();
  await lonely.pass(8_000);
  expect(heard(lonely, alarm)).toEqual(['started', 'finished']);
  expect(heard(lonely, normal)).toEqual(['started', 'finished']);
});

it('two items of one session that together are too long do not both sound, however slow the disk is', async () => {
  const limited = openRules();
  const rules = { ...limited, policy: { ...limited.policy, sessionMinutes: 3 } };
  const startsAt = FAKE_START + MINUTE;
  const [first, second] = [0, 2 * MINUTE].map((laterMs) =>
    playOrder(lonelyContent(2 * MINUTE), {
      ...{ startsAt: startsAt + laterMs, latestStartAt: startsAt + laterMs + MINUTE },
      ...{ issuedAt: 1, revision: 1 },
    }),
  ) as [PlayOrder, PlayOrder];
  const { lonely, cache } = await slowVillage([first, second], { assignment: { rules } });
  // A large file is hashed for longer than the end of the first takes to be written down.
  cache.before = diskIdle;
  await lonely.pass(6 * MINUTE, 500);
  expect(heard(lonely, first)).toEqual(['started', 'finished']);
  expect(heard(lonely, second)).toEqual(['missed policy.session_too_long']);
});

it('what is to sound soon is proved ahead, and not read whole again when it begins', async () => {
  const sound = lonelySlot(30);
  const { lonely, cache } = await slowVillage([sound]);
  await lonely.pass(40_000, 5_000);
  expect(cache.hashed).toBe(1);
  await lonely.pass(29 * MINUTE, 10_000);
  const before = cache.hashed;
  await lonely.pass(2 * MINUTE, 500);
  expect(heard(lonely, sound)).toEqual(['started', 'finished']);
  expect(cache.hashed).toBe(before);
});

it('a file that is damaged is noticed an hour before it is wanted, and fetched again', async () => {
  const { lonely, cache } = await slowVillage([lonelySlot(90)]);
  const [item] = lonely.agent.control.items;
  await lonely.pass(1_000);
  expect(item?.fetched).toBe(true);
  await writeFile(cache.pathOf(sha256(lonelyAudio)), Buffer.alloc(lonelyAudio.length, 7));
  await lonely.pass(31 * MINUTE, 10_000);
  expect(item?.fetched).toBe(false);
  expect(lonely.agent.control.troubles).toContain('cache.unreachable');
});

it('begins what was put off at its new instant, once, and not what it was before', async () => {
  const lonely = await village();
  const at = Math.round(lonely.now);
  const before = order(lonely, 1_000, { startsAt: at + 60_000 });
  const after = order(lonely, 1_000, { broadcastId: before.broadcastId, startsAt: at + 90_000 });
  await lonely.order(before);
  await lonely.pass(1_000);
  await lonely.order(after);
  await lonely.pass(70_000);
  expect([heard(lonely, before), heard(lonely, after)]).toEqual([[], []]);
  await lonely.pass(25_000);
  expect([heard(lonely, before), heard(lonely, after)]).toEqual([[], ['started', 'finished']]);
  expect(lonely.startErrorMs(after)).toBeCloseTo(0, 0);
});

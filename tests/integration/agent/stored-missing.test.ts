import { expect, it } from 'vitest';
import { type FileContent, foldDelivery, PENDING, type PlayOrder, sha256 } from '#protocols';
import { FAKE_START } from '../../helpers/fake-clock.ts';
import { Lonely, lonelyAudio, lonelyContent, MINUTE } from './lonely.ts';
import { playOrder } from './test-controller.ts';
import { AREA } from './village.ts';

const LACKS = 'order.no_stored_message';
const file = lonelyContent(2_000) as FileContent;
const elsewhere: FileContent = { ...file, sha256: sha256('words that nobody has here') };

async function village(): Promise<Lonely> {
  const lonely = await Lonely.open([], lonelyAudio);
  lonely.trust(FAKE_START);
  await lonely.pass(100);
  return lonely;
}

/** An emergency that names the message "flood"; `file`: what the order says it is made of. */
function alarm(lonely: Lonely, more: { readonly file?: FileContent }, change: Partial<PlayOrder> = {}) {
  const content = { kind: 'stored', name: 'flood', durationMs: 2_000, ...more } as const;
  const startsAt = Math.round(lonely.now);
  return playOrder(content, {
    ...{ priority: 'emergency', window: null, startsAt, issuedAt: 1, revision: 2, requires: [] },
    ...change,
  });
}

function heard(lonely: Lonely, one: PlayOrder): string[] {
  return lonely.kinds(one).filter((kind) => kind !== 'ready');
}

function folded(lonely: Lonely, { id }: PlayOrder) {
  return lonely.told.filter(({ orderId }) => orderId === id).reduce(foldDelivery, PENDING);
}

it('an emergency that names a message which is not here is a tone until the plan brings the message, and says so', async () => {
  const lonely = await village();
  const words = alarm(lonely, {});
  await lonely.order(words);
  await lonely.pass(20_000);
  expect(heard(lonely, words)).toEqual([`started ${LACKS}`]);
  expect(folded(lonely, words)).toMatchObject({ state: 'playing', code: LACKS });
  const stored = [{ name: 'flood', title: 'Lũ', content: file }];
  const head = { revision: 3, issuedAt: 3, validUntil: FAKE_START + 14 * 24 * 60 * MINUTE, stored };
  await lonely.agent.plan.receive(Buffer.from(await lonely.controller.plan(AREA, {}, head)));
  // The pause behind a tone, and the words.
  await lonely.pass(30_000);
  expect(heard(lonely, words)).toEqual([`started ${LACKS}`, 'finished']);
  expect(lonely.told.at(-1)).toMatchObject({ kind: 'finished', fromMs: 0, toMs: 2_000, play: 1 });
  expect(folded(lonely, words)).toMatchObject({ state: 'finished', code: null, flags: [] });
});

it('an emergency sounds from the file that its order names where the message is not here', async () => {
  const lonely = await village();
  const words = alarm(lonely, { file });
  await lonely.order(words);
  await lonely.pass(15_000);
  expect(heard(lonely, words)).toEqual([`started ${LACKS}`, 'finished']);
  expect(lonely.told.at(-1)).toMatchObject({ kind: 'finished', contentSha256: file.sha256, toMs: 2_000 });
});

it('an emergency whose message never comes is a tone to its end, and says what it lacked', async () => {
  const lonely = await village();
  for (const more of [{}, { file: elsewhere }]) {
    const words = alarm(lonely, more, { hardEndAt: Math.round(lonely.now) + MINUTE });
    await lonely.order(words);
    await lonely.pass(50_000, 500);
    expect(heard(lonely, words)).toEqual([`started ${LACKS}`]);
    // It goes on asking the network where that is named.
    expect(lonely.agent.control.troubles).toEqual('file' in more ? ['cache.unreachable'] : []);
    await lonely.pass(12_000, 500);
    expect(heard(lonely, words)).toEqual([`started ${LACKS}`, `failed ${LACKS}`]);
    expect(lonely.told.at(-1)).toMatchObject({ kind: 'failed', detail: 'flood', play: 1 });
    expect(folded(lonely, words)).toMatchObject({ state: 'failed', flags: [] });
  }
});

it('words before an emergency that are not here are left out, and sound with the next repetition when they have come', async () => {
  const lonely = await village();
  const main = lonelyContent(1_000);
  const repeat = { count: 2, intervalMs: 10_000 };
  const startsAt = Math.round(lonely.now);
  const one = playOrder(main, {
    ...{ priority: 'emergency', window: null, startsAt, issuedAt: 1, revision: 2, repeat },
    prelude: [
      { name: 'flood', durationMs: 2_000, file: elsewhere },
      { name: 'fire', durationMs: 2_000, file },
    ],
  });
  await lonely.order(one);
  await lonely.pass(25_000);
  expect(heard(lonely, one)).toEqual([
    ...[`started ${LACKS}`, 'finished'],
    ...[`started ${LACKS}`, 'finished'],
  ]);
  // What lies in the cache sounds: only the other is missing.
  expect(lonely.told.filter(({ kind }) => kind === 'started').map(({ detail }) => detail)).toEqual([
    'flood',
    'flood',
  ]);
});

it('anything else that names a message which is not here waits for its file, and fails where no file is named', async () => {
  const lonely = await village();
  const normal = { priority: 'normal', latestStartAt: Math.round(lonely.now) + 5_000 } as const;
  const window = { opensAt: FAKE_START - MINUTE, closesAt: FAKE_START + MINUTE };
  const orders = [{}, { file }, { file: elsewhere }].map((more, index) =>
    alarm(lonely, more, { ...normal, window, revision: index + 2 }),
  );
  for (const one of orders) await lonely.order(one);
  await lonely.pass(20_000);
  expect(orders.map((one) => heard(lonely, one))).toEqual([
    [`failed ${LACKS}`],
    [`started ${LACKS}`, 'finished'],
    ['missed cache.unreachable'],
  ]);
});

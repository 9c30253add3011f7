import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { locateBinaries } from '#media';
import { generateSigningKey, type PlayOrder, signDocument, topicOf } from '#protocols';
import { AgentProcess } from '../helpers/processes.ts';
import { inRepo } from '../helpers/repo-root.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';
import { playOrder, TestController } from '../integration/agent/test-controller.ts';
import { logOf } from './support/commune.ts';
import { soundingRecordings } from './support/recordings.ts';

const SPEAKER = 'loa-ap-1';
const LIMIT_MS = 60_000;

/** The agent program against a controller of ours that says what it likes. */
const controller = new TestController();
let folder: string;
let agent: AgentProcess;
let content: PlayOrder['content'];

beforeAll(async () => {
  await controller.start();
  folder = tempDir('refusals');
  const provisioning = await controller.enrol(SPEAKER, ['vn', 'tan-an']);
  const { ffmpeg } = await locateBinaries();
  // The cache is small: see the test of the full disk.
  const env = { LOA_AGENT_FFMPEG: ffmpeg, LOA_AGENT_CACHE_MB: '1' };
  agent = new AgentProcess({ folder, provisioning, env });
  const ready = controller.events.next('hello', ({ hello }) => hello.assignment !== null);
  await agent.start();
  await ready;
  content = controller.addContent(await readFile(inRepo('tests/fixtures/audio/loi-chao.ogg')), 8_380);
}, LIMIT_MS);
afterAll(async () => {
  await agent.end('SIGKILL');
  await controller.stop();
});

const toSpeaker = (document: string) => controller.publish(topicOf('order', SPEAKER), document);
const signed = (order: object, key = controller.key) => signDocument('order', order, key);

/** How often the agent's log has this text. */
async function logged(text: string): Promise<number> {
  return (await logOf(folder, 'agent')).split(text).length - 1;
}

it.each<[string, string, () => Promise<string>]>([
  ['is no JWS', 'document.malformed', async () => 'not a signed document'],
  ['is random bytes', 'document.malformed', async () => randomBytes(300).toString('latin1')],
  ['is oversized', 'document.too_large', async () => `e30.${'A'.repeat(64 * 1024 - 20)}.AA`],
  ['has an unknown key', 'document.unsigned', () => signed(playOrder(content), generateSigningKey())],
  [
    'was changed on the way',
    'document.bad_signature',
    async () => {
      const [head, , signature] = (await signed(playOrder(content))).split('.');
      const other = Buffer.from(JSON.stringify(playOrder(content))).toString('base64url');
      return `${head}.${other}.${signature}`;
    },
  ],
  [
    'was signed for another purpose',
    'document.malformed',
    () => signDocument('time', playOrder(content), controller.key),
  ],
])('a document that %s is refused with a code in the log', async (_what, code, document) => {
  const before = await logged(`"${code}"`);
  await toSpeaker(await document());
  await until(`${code} in the log`, async () => (await logged(`"${code}"`)) > before, 10_000);
});

it.each<[string, string, () => object]>([
  ['expired', 'order.expired', () => ({ ...playOrder(content), expiresAt: Date.now() - 1 })],
  [
    'is for others',
    'order.not_for_us',
    () => ({
      ...playOrder(content),
      targets: { areas: ['xa-khac'], speakers: ['loa-khac'], excludeAreas: [], excludeSpeakers: [] },
    }),
  ],
  ['has an unknown version', 'document.unknown_version', () => ({ ...playOrder(content), v: 2 })],
  ['has an unknown kind', 'document.unknown_kind', () => ({ ...playOrder(content), kind: 'sing' })],
  [
    'needs what it cannot',
    'order.unsupported',
    () => ({ ...playOrder(content), requires: ['content:stream'] }),
  ],
  ['lies outside the window', 'order.outside_window', () => ({ ...playOrder(content), window: null })],
])('an order that %s is refused with an answer and a receipt', async (_what, code, make) => {
  const order = make() as PlayOrder;
  const answered = controller.events.next('answer', ({ answer }) => answer.orderId === order.id);
  await toSpeaker(await signed(order));
  expect((await answered).answer).toMatchObject({ answer: 'refused', code });
  const entry = await controller.entry(SPEAKER, ({ orderId }) => orderId === order.id);
  expect(entry).toMatchObject({ kind: 'refused', code, broadcastId: order.broadcastId });
});

it('audio that has no room is told as a full disk', async () => {
  const large = controller.addContent(Buffer.alloc(1_500_000, 7), 4_000);
  const order = playOrder(large, { latestStartAt: Date.now() + 500 });
  await toSpeaker(await signed(order));
  const entry = await controller.entry(SPEAKER, ({ orderId }) => orderId === order.id);
  expect(entry).toMatchObject({ kind: 'failed', code: 'cache.disk_full' });
});

it(
  'and after all that it plays, once, whatever is replayed',
  async () => {
    const order = playOrder(content, { hardEndAt: Date.now() + 60_000 });
    const document = await signed(order);
    await toSpeaker(document);
    await controller.entry(SPEAKER, ({ orderId, kind }) => orderId === order.id && kind === 'started');
    // The same bytes: the same answer. The same id in other bytes, and another order for the same: refused.
    const repeated = controller.events.next('answer', ({ answer }) => answer.orderId === order.id);
    await toSpeaker(document);
    expect((await repeated).answer.answer).toBe('accepted');
    const copies = [
      [{ ...order, title: 'Khác' }, 'order.replayed'],
      [{ ...order, id: 'ord_again', revision: order.revision + 1 }, 'order.already_played'],
    ] as const;
    for (const [copy, code] of copies) {
      await toSpeaker(await signed(copy));
      await controller.entry(SPEAKER, (entry) => entry.kind === 'refused' && entry.code === code);
    }
    const finished = await controller.entry(
      SPEAKER,
      ({ orderId, kind }) => orderId === order.id && kind === 'finished',
    );
    expect(finished).toMatchObject({ play: 1, fromMs: 0, output: 'file', evidence: 'reported' });
    expect(await soundingRecordings(join(folder, 'recordings'))).toHaveLength(1);
  },
  LIMIT_MS,
);

import { afterEach, beforeEach, expect, it } from 'vitest';
import { generateSigningKey, type HeldScoped, heldHash, type UpTopicName } from '#protocols';
import { tempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';
import { AREAS, HAMLET, TestController } from './test-controller.ts';
import { TestSpeaker } from './test-speaker.ts';

/** What a loudspeaker says of itself is believed when it has signed it, and changes nothing when it is said again. */
let folder: string;
let controller: TestController;
let speaker: TestSpeaker;
let other: TestSpeaker;
/** Whoever has the secret of the loudspeaker, and not its key. */
let thief: TestSpeaker;

beforeEach(async () => {
  folder = tempDir('words');
  controller = await new TestController({ folder }).start();
  speaker = new TestSpeaker({ ...(await controller.addSpeaker('spk-1')), url: controller.url });
  other = new TestSpeaker({ ...(await controller.addSpeaker('spk-2')), url: controller.url });
  thief = new TestSpeaker({ ...speaker, key: generateSigningKey(), sessionEpoch: 9 });
  await speaker.connect(AREAS);
  await speaker.send('hello', speaker.hello());
  await speaker.welcome();
});
afterEach(async () => {
  speaker.cut();
  await controller.stop();
  expect(controller.errors).toEqual([]);
});

/** Sends what is not the loudspeaker's word, and waits until all of it is refused. */
async function refused(name: UpTopicName, texts: readonly string[]): Promise<void> {
  const forged = () => controller.refused.filter((code) => code === 'message.bad_signature').length;
  const before = forged();
  for (const text of texts) await speaker.send(name, text);
  await until('all of it to be refused', () => forged() >= before + texts.length);
  expect(forged()).toBe(before + texts.length);
}

/** The same message as whoever has no key could send it. */
function forgeries(name: UpTopicName, message: object, own = message): string[] {
  const signed = speaker.text(name, message);
  return [
    JSON.stringify(message),
    thief.text(name, message),
    // What another loudspeaker has said of itself.
    other.text(name, own),
    `${JSON.stringify({ ...message, v: 1 })}\n${'A'.repeat(86)}`,
    // Said truly in other words.
    signed.replace('"v":1', '"v":1,"more":1'),
  ];
}

const status = () => controller.presence.statusOf('spk-1');
const latch = (revision: number): HeldScoped => ({
  ...{ kind: 'latch', scope: { kind: 'area', id: HAMLET }, revision, hash: `${revision}`.repeat(64) },
});

it('an answer that the loudspeaker has not signed is none: its order is sent again, and the true answer counts', async () => {
  const { broadcastId, order } = await controller.broadcast(['spk-1']);
  await speaker.next('areaOrder');
  await refused('answer', forgeries('answer', speaker.answer(order)));
  expect(await controller.storage.read.receipts.ofBroadcast(broadcastId)).toEqual([]);
  speaker.sessionEpoch = 2;
  await speaker.send('hello', speaker.hello());
  expect(await speaker.next('order')).toBe(order.document);
  await speaker.send('answer', speaker.answer(order));
  await controller.heard('delivery.changed', { broadcastId, state: 'accepted' });
});

it('a true answer that is said again answers no other order, and not the same one in other words', async () => {
  const first = await controller.broadcast(['spk-1']);
  await speaker.next('areaOrder');
  const said = speaker.text('answer', speaker.answer(first.order));
  await speaker.send('answer', said);
  await controller.heard('delivery.changed', { broadcastId: first.broadcastId, state: 'accepted' });
  const second = await controller.broadcast(['spk-1']);
  await speaker.next('areaOrder');
  await speaker.send('answer', said);
  await speaker.send('answer', speaker.answer({ ...second.order, hash: first.order.hash }));
  // Answers are taken in their order: with this one those before it are in.
  const last = await controller.broadcast(['spk-1']);
  await speaker.send('answer', speaker.answer(last.order));
  await controller.heard('delivery.changed', { broadcastId: last.broadcastId, state: 'accepted' });
  expect(await controller.storage.read.receipts.ofBroadcast(second.broadcastId)).toEqual([]);
  speaker.sessionEpoch = 2;
  await speaker.send('hello', speaker.hello());
  expect(await speaker.next('order')).toBe(second.order.document);
});

it('a hello or a report that the loudspeaker has not signed says nothing of what it holds', async () => {
  const before = status();
  const held = { held: [latch(1)] };
  const hello = { ...speaker.hello(held), sessionEpoch: 9 };
  await refused('hello', forgeries('hello', hello, { ...other.hello(held), sessionEpoch: 9 }));
  const report = { ...speaker.health({ held: heldHash([latch(1)]) }), sessionEpoch: 9 };
  await refused('health', forgeries('health', report));
  // A part of it alone needs the signature, too.
  const { v, sessionEpoch, at, assignment, held: hash } = report;
  await refused('health', [
    JSON.stringify({ v, sessionEpoch, at, held: hash }),
    JSON.stringify({ v, sessionEpoch, at, assignment }),
  ]);
  expect(status()).toEqual(before);
  expect(speaker.received.filter(({ name }) => name === 'welcome')).toEqual([]);
});

it('unsigned words move no number: the loudspeaker’s next ones count', async () => {
  await speaker.send('presence', { v: 1, sessionEpoch: Date.now(), online: false });
  await controller.heard('speaker.changed', { speakerId: 'spk-1', link: 'offline' });
  const held = heldHash([latch(1)]);
  await speaker.send('health', { v: 1, sessionEpoch: Date.now(), at: Date.now() });
  await speaker.send('health', speaker.health({ held }));
  await until('it to be believed', () => status()?.heldHash === held);
  expect(status()).toMatchObject({ sessionEpoch: 1, link: 'online' });
});

it('what it held once and says no more is not believed again, also by a controller that was started anew', async () => {
  const hello = speaker.text('hello', speaker.hello({ held: [latch(1)] }));
  const report = speaker.text('health', speaker.health({ held: heldHash([latch(2)]) }));
  const now = heldHash([latch(3)]);
  await speaker.send('hello', hello);
  await speaker.welcome();
  expect(status()?.heldHash).toBe(heldHash([latch(1)]));
  await speaker.send('health', report);
  await speaker.send('health', speaker.health({ held: now }));
  await until('the last word', () => status()?.heldHash === now);
  /** Says it all again; when that was taken, nothing has changed. */
  const saidAgain = async (load1: number) => {
    await speaker.send('hello', hello);
    await speaker.welcome();
    await speaker.send('health', report);
    await speaker.send('health', { v: 1, sessionEpoch: 1, at: Date.now(), load1 });
    await until('the reports to be taken', () => status()?.health?.load1 === load1);
    expect(status()).toMatchObject({ heldHash: now, sessionEpoch: 1, health: { held: now } });
  };
  await saidAgain(0.7);
  speaker.cut();
  await controller.stop();
  controller = await new TestController({ folder }).start();
  // The line is another's: on it the loudspeaker has not said anything new.
  const line = new TestSpeaker({ ...speaker, url: controller.url });
  speaker = line;
  await line.connect(AREAS);
  await saidAgain(0.8);
  // On another connection it has lost it, and what it said on the old one is no news.
  line.sessionEpoch = 2;
  await line.send('hello', line.hello({ held: [] }));
  await line.welcome();
  await line.send('hello', hello);
  await line.welcome();
  await line.send('health', report);
  await line.send('health', line.health({ held: heldHash([]), load1: 0.9 }));
  await until('the reports to be taken', () => status()?.health?.load1 === 0.9);
  expect(status()).toMatchObject({ heldHash: heldHash([]), sessionEpoch: 2 });
});

it('a hello that its own report has overtaken is still greeted, and says what it can do', async () => {
  const hello = speaker.text(
    'hello',
    speaker.hello({ held: [latch(1)], capabilities: ['order:play', 'new'] }),
  );
  await speaker.send('health', speaker.health({ held: heldHash([latch(2)]) }));
  await until('the report', () => status()?.heldHash === heldHash([latch(2)]));
  await speaker.send('hello', hello);
  await speaker.welcome();
  expect(status()).toMatchObject({
    heldHash: heldHash([latch(2)]),
    capabilities: ['order:play', 'new'],
  });
});

it('who comes with the secret and shows the right key, but has it not, is not greeted', async () => {
  const shown = { ...thief.hello(), publicKey: speaker.key.publicKey };
  await refused('hello', [
    thief.text('hello', shown),
    thief.text('hello', { ...shown, publicKey: 'A'.repeat(43) }),
  ]);
  expect(speaker.received.filter(({ name }) => name === 'welcome')).toEqual([]);
  expect(speaker.client?.connected).toBe(true);
});

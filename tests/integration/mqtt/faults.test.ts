import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { isDomainError } from '#protocols';
import { ForeignProcess } from '../../helpers/foreign-process.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { AREAS, TestController } from './test-controller.ts';
import { TestSpeaker } from './test-speaker.ts';

const NONCE = 'n'.repeat(22);

describe('faults', () => {
  let controller: TestController | undefined;
  const speakers: TestSpeaker[] = [];

  afterEach(async () => {
    for (const speaker of speakers.splice(0)) speaker.cut();
    await controller?.stop();
    controller = undefined;
  });

  async function start(folder = tempDir('faults'), busyLimitMs = 5_000): Promise<TestController> {
    controller = await new TestController({ folder, busyLimitMs }).start();
    return controller;
  }

  async function enter(on: TestController, id: string): Promise<TestSpeaker> {
    const speaker = new TestSpeaker({ ...(await on.addSpeaker(id)), url: on.url });
    speakers.push(speaker);
    await speaker.connect(AREAS);
    await speaker.send('hello', speaker.hello());
    await speaker.welcome();
    return speaker;
  }

  /** Everything that a speaker sent before has been taken from the broker. */
  async function settled(speaker: TestSpeaker): Promise<void> {
    await speaker.send('timeRequest', { v: 1, nonce: NONCE });
    await speaker.next('time');
  }

  it('another process holds the database: nothing is acknowledged, the broker answers, nothing is lost', async () => {
    // Given up soon by the receipts, so that they are seen to try again.
    const on = await start(tempDir('faults'), 1_000);
    const speaker = await enter(on, 'spk-1');
    const { broadcastId, order } = await on.broadcast(['spk-1']);
    await speaker.next('areaOrder');
    await on.heard('broadcast.changed', { broadcastId, state: 'issued' });

    const holder = await ForeignProcess.holding(join(on.folder, 'loa.db'), 'IMMEDIATE');
    await speaker.send('answer', speaker.answer(order));
    speaker.writePlay(broadcastId);
    await speaker.send('journal', speaker.batch());
    await speaker.send('health', speaker.health());
    await settled(speaker);
    // Queued behind the receipts' own attempts: when this one has given up, so have they, at least once.
    for (let i = 0; i < 2; i++)
      await expect(on.storage.transaction((tx) => tx.broadcasts.markPublished(0, 0))).rejects.toSatisfy(
        (error) => isDomainError(error, 'storage.busy'),
      );
    await settled(speaker);
    expect(speaker.received.filter(({ name }) => name === 'journalAck')).toEqual([]);
    expect(on.answers.waiting).toBe(1);
    expect(on.journal.waitingBytes).toBeGreaterThan(0);
    // A known speaker is even greeted.
    speaker.sessionEpoch = 2;
    await speaker.send('hello', speaker.hello());
    expect((await speaker.welcome()).sessionEpoch).toBe(2);

    await holder.release();
    expect(await speaker.ack()).toMatchObject({ seq: 3, hash: speaker.head.hash });
    await on.heard('broadcast.changed', { broadcastId, state: 'completed' });
    const [delivery] = await on.storage.read.receipts.ofBroadcast(broadcastId);
    expect(delivery?.view).toMatchObject({ state: 'finished', flags: [] });
    expect(on.errors).toEqual([]);
    // On a busy machine most of this is the first start of the database.
  }, 40_000);

  it('an old last will comes late and changes nothing', async () => {
    const on = await start();
    const older = await enter(on, 'spk-1');
    const newer = new TestSpeaker({ ...older, sessionEpoch: 2 });
    speakers.push(newer);
    await newer.connect(AREAS);
    await newer.send('hello', newer.hello());
    await newer.welcome();
    await newer.send('presence', { v: 1, sessionEpoch: 1, online: false });
    await newer.send('health', newer.health({ sessionEpoch: 1, problems: ['output.missing'] }));
    await settled(newer);
    expect(on.presence.statusOf('spk-1')).toMatchObject({ link: 'online', sessionEpoch: 2, condition: 'ok' });
    newer.cut();
    await on.heard('speaker.changed', { speakerId: 'spk-1', link: 'offline' });
    expect(on.errors).toEqual([]);
  });

  it('malformed messages are refused with a code and counted, and a broadcast still works', async () => {
    const on = await start();
    const speaker = await enter(on, 'spk-1');
    const other = new TestSpeaker({ id: 'spk-2', secret: '', url: '' });
    other.write({ kind: 'boot' });
    await speaker.send('answer', 'not JSON');
    await speaker.send('answer', { v: 1, orderId: '../../etc' });
    await speaker.send('hello', { ...speaker.hello(), v: 2 });
    await speaker.send('journal', other.batch());
    await speaker.send('health', '[]');
    await settled(speaker);
    expect(on.refused).toEqual([
      'document.malformed',
      'document.malformed',
      'document.unknown_version',
      'message.wrong_sender',
      'document.malformed',
    ]);
    const { order } = await on.broadcast(['spk-1']);
    expect(await speaker.next('areaOrder')).toBe(order.document);
    expect(on.errors).toEqual([]);
  });

  it('a database restored from a backup is not refused and doubles nothing', async () => {
    const folder = tempDir('restore');
    const before = await start(folder);
    const speaker = await enter(before, 'spk-1');
    const first = await speaker.assignment();
    const { broadcastId } = await before.broadcast(['spk-1']);
    await speaker.next('areaOrder');
    speaker.write({ kind: 'ready', broadcastId });
    await speaker.send('journal', speaker.batch());
    await speaker.ack();
    await before.stop();
    const backup = join(folder, 'backup');
    await mkdir(backup);
    await cp(join(folder, 'loa.db'), join(backup, 'loa.db'));

    // Life goes on: the rest of the play is reported, and the desired state changes.
    const gone = await start(folder);
    const later = new TestSpeaker({ ...speaker, url: gone.url, sessionEpoch: 2 });
    Object.assign(later, { lines: speaker.lines, head: speaker.head });
    speakers.push(later);
    await later.connect(AREAS);
    const held = { revision: first.value.revision, hash: first.hash };
    await later.send('hello', later.hello({ assignment: held }));
    expect(await later.welcome()).toMatchObject({ journal: { seq: 1 }, want: [] });
    await gone.changeSpeaker('spk-1', { gainDb: -3 });
    const second = await later.assignment();
    const play = { broadcastId, play: 1, output: 'file', evidence: 'reported' } as const;
    later.write({ kind: 'started', ...play, plannedAt: Date.now(), startErrorMs: 1, fromMs: 0 });
    later.write({ kind: 'finished', ...play, fromMs: 0, toMs: 5_000 });
    await later.send('journal', later.batch(1));
    await later.ack();
    await gone.stop();

    await cp(join(backup, 'loa.db'), join(folder, 'loa.db'));
    const restored = await start(folder);
    const again = new TestSpeaker({ ...later, url: restored.url, sessionEpoch: 3 });
    Object.assign(again, { lines: later.lines, head: later.head });
    speakers.push(again);
    await again.connect(AREAS);
    const newer = { revision: second.value.revision, hash: second.hash };
    await again.send('hello', again.hello({ assignment: newer }));
    // It knows less than the speaker: it asks for the document, and for the journal from where it was.
    expect(await again.welcome()).toMatchObject({ journal: { seq: 1 }, want: ['assignment'] });
    await again.send('hello', again.hello({ assignment: newer, assignmentDocument: second.document }));
    expect((await again.welcome()).want).toEqual([]);
    const third = await again.assignment();
    expect(third.value.revision).toBeGreaterThan(second.value.revision);
    expect(third.value.volume.gainDb).toBe(0);
    await again.send('journal', again.batch(0));
    expect(await again.ack()).toMatchObject({ seq: 3 });
    await restored.heard('broadcast.changed', { broadcastId, state: 'completed' });
    const [delivery] = await restored.storage.read.receipts.ofBroadcast(broadcastId);
    expect(delivery?.view).toMatchObject({ state: 'finished', flags: [] });
    expect(delivery?.view.plays).toHaveLength(1);
    const { rows } = await restored.storage.read.receipts.journal('spk-1', again.epoch, 1, 100);
    expect(rows.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(restored.errors).toEqual([]);
  });

  it('a stolen speaker cannot push revisions out of reach', async () => {
    const on = await start();
    const speaker = await enter(on, 'spk-1');
    const ours = await speaker.assignment();
    const far = { revision: Number.MAX_SAFE_INTEGER, hash: 'f'.repeat(64) };
    await speaker.send('hello', speaker.hello({ assignment: far }));
    expect((await speaker.welcome()).want).toEqual(['assignment']);
    await speaker.send(
      'hello',
      speaker.hello({ assignment: far, assignmentDocument: ours.document.replace('.', '.A') }),
    );
    await speaker.welcome();
    expect((await speaker.assignment()).hash).toBe(ours.hash);
    expect(await on.storage.read.speakers.get('spk-1')).toMatchObject({
      assignmentRevision: ours.value.revision,
    });
    expect(on.errors).toHaveLength(1);
  });

  it('an outbox that a stopped controller left is published at the next start, and what expired is not', async () => {
    const folder = tempDir('outbox');
    const before = await start(folder);
    const enrolled = await before.addSpeaker('spk-1');
    const expired = await before.broadcast(['spk-1'], { expiresInMs: 1, kick: false });
    const left = await before.broadcast(['spk-1'], { kick: false });
    await before.stop();
    const after = await start(folder);
    await after.heard('broadcast.changed', { broadcastId: left.broadcastId, state: 'issued' });
    const speaker = new TestSpeaker({ ...enrolled, url: after.url });
    speakers.push(speaker);
    await speaker.connect(AREAS);
    await speaker.send('hello', speaker.hello());
    expect(await speaker.next('order')).toBe(left.order.document);
    expect(await after.storage.read.broadcasts.outbox(10)).toEqual([]);
    expect(await after.storage.read.broadcasts.get(expired.broadcastId)).toMatchObject({ state: 'planned' });
  });
});

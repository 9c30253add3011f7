import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { timeReplyCodec, topicOf } from '#protocols';
import { tempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';
import { AREAS, TestController } from './test-controller.ts';
import { TestSpeaker } from './test-speaker.ts';

describe('controller and speaker', () => {
  let controller: TestController;
  let speaker: TestSpeaker;

  beforeEach(async () => {
    controller = await new TestController({ folder: tempDir('mqtt') }).start();
    speaker = new TestSpeaker({ ...(await controller.addSpeaker('spk-1')), url: controller.url });
  });

  afterEach(async () => {
    speaker.cut();
    await controller.stop();
    expect(controller.errors).toEqual([]);
  });

  it('bring each other up to date at hello', async () => {
    await speaker.connect();
    await speaker.send('hello', speaker.hello());
    expect(await speaker.welcome()).toEqual({ v: 1, sessionEpoch: 1, journal: null, want: [] });
    const { value } = await speaker.assignment();
    expect(value).toMatchObject({ speakerId: 'spk-1', areas: AREAS, zone: 'Asia/Ho_Chi_Minh' });
    await controller.heard('speaker.changed', { speakerId: 'spk-1', link: 'online' });
    expect(await controller.storage.read.speakers.get('spk-1')).toMatchObject({
      lifecycle: 'active',
      keyId: speaker.key.kid,
    });
  });

  it('take a health report that leaves out what is known, and heal by what it stands for', async () => {
    await speaker.connect();
    await speaker.send('hello', speaker.hello());
    await speaker.welcome();
    const { document } = await speaker.assignment();
    const { at } = speaker.health();
    const short = (seconds: number) => ({ v: 1, sessionEpoch: 1, at: at + 1000 * seconds });
    const shown = (what: object) =>
      until('it to be shown', () => {
        expect(controller.presence.statusOf('spk-1')).toMatchObject(what);
        return true;
      });
    // Without a whole one it is a sign of life, by which nobody is offline.
    await speaker.send('presence', { v: 1, sessionEpoch: 1, online: false });
    await controller.heard('speaker.changed', { speakerId: 'spk-1', link: 'offline' });
    await speaker.send('health', short(0));
    await shown({ link: 'online', health: null });
    await speaker.send('health', speaker.health({ at, uptimeSeconds: 10, load1: 0.5 }));
    // The assignment that it does not hold is sent again, here and after the short one that says nothing of it.
    expect((await speaker.assignment()).document).toBe(document);
    await speaker.send('health', { ...short(300), load1: 0.7 });
    expect((await speaker.assignment()).document).toBe(document);
    await shown({
      condition: 'ok',
      health: { at: at + 300_000, uptimeSeconds: 310, load1: 0.7, problems: [], assignment: null },
    });
    // Reports are taken in their order: with the second the first is in. Unsigned, it begins no connection.
    await speaker.send('health', { ...short(600), sessionEpoch: 2, load1: 0.8 });
    await speaker.send('health', { ...short(601), load1: 0.9 });
    await shown({ sessionEpoch: 1, health: { sessionEpoch: 1, load1: 0.9 } });
    speaker.sessionEpoch = 2;
    await speaker.send('health', speaker.health());
    await shown({ sessionEpoch: 2, health: { sessionEpoch: 2 } });
  });

  it('carry one broadcast from the outbox to a completed count', async () => {
    await speaker.connect(AREAS);
    await speaker.send('hello', speaker.hello());
    await speaker.welcome();
    const { broadcastId, order } = await controller.broadcast(['spk-1']);
    expect(await speaker.next('areaOrder')).toBe(order.document);
    await controller.heard('broadcast.changed', { broadcastId, state: 'issued' });
    await speaker.send('answer', speaker.answer(order));
    await controller.heard('delivery.changed', { broadcastId, state: 'accepted' });
    speaker.writePlay(broadcastId);
    await speaker.send('journal', speaker.batch());
    expect(await speaker.ack()).toEqual({ v: 1, epoch: speaker.epoch, ...speaker.head });
    await controller.heard('broadcast.changed', { broadcastId, state: 'completed' });
    const [delivery] = await controller.storage.read.receipts.ofBroadcast(broadcastId);
    expect(delivery?.view).toMatchObject({ state: 'finished', flags: [] });
    expect(delivery?.view.plays).toHaveLength(1);
    expect(await controller.storage.read.broadcasts.outbox(10)).toEqual([]);
  });

  it('see that a broadcast sounded more often than its order says', async () => {
    await speaker.connect(AREAS);
    await speaker.send('hello', speaker.hello());
    await speaker.welcome();
    const flagged = async (count: number) => {
      const { broadcastId } = await controller.broadcast(['spk-1'], {
        order: { repeat: { count, intervalMs: 0 } },
      });
      const before = speaker.lines.length;
      speaker.writePlay(broadcastId);
      const again = { broadcastId, play: 2, output: 'file', evidence: 'reported', fromMs: 0 } as const;
      speaker.write({ kind: 'started', ...again });
      speaker.write({ kind: 'finished', ...again, toMs: 5_000 });
      await speaker.send('journal', speaker.batch(before));
      await controller.heard('delivery.changed', { broadcastId, state: 'finished' });
      const [delivery] = await controller.storage.read.receipts.ofBroadcast(broadcastId);
      const { rows } = await controller.storage.read.receipts.journal('spk-1', speaker.epoch, before + 1, 9);
      return [delivery?.view.flags, rows.map(({ flags }) => flags.join())];
    };
    expect(await flagged(2)).toEqual([[], ['', '', '', '', '']]);
    expect(await flagged(1)).toEqual([['range_repeated'], ['', '', '', '', 'range_repeated']]);
  });

  it('take no failure of an emergency for the last word while it is tried again', async () => {
    await speaker.connect(AREAS);
    await speaker.send('hello', speaker.hello());
    await speaker.welcome();
    let sent = 0;
    const tell = async (broadcastId: string, kind: 'failed' | 'started' | 'finished', more: object) => {
      speaker.write({ kind, broadcastId, output: 'file', evidence: 'reported', ...more });
      await speaker.send('journal', speaker.batch(sent));
      sent = speaker.lines.length;
      await controller.heard('delivery.changed', {
        broadcastId,
        state: kind === 'started' ? 'playing' : kind,
      });
    };
    const order = { priority: 'emergency', window: null } as const;
    const { broadcastId } = await controller.broadcast(['spk-1'], { order });
    const normal = await controller.broadcast(['spk-1']);
    for (const id of [broadcastId, normal.broadcastId])
      await tell(id, 'failed', { play: 1, code: 'output.failed' });
    // Counted after the emergency, which is still undecided then.
    await controller.heard('broadcast.changed', { broadcastId: normal.broadcastId, state: 'failed' });
    expect((await controller.storage.read.broadcasts.get(broadcastId))?.state).toBe('issued');
    await tell(broadcastId, 'started', { play: 2, fromMs: 0 });
    await tell(broadcastId, 'finished', { play: 2, fromMs: 0, toMs: 5_000 });
    await controller.heard('broadcast.changed', { broadcastId, state: 'completed' });
  });

  it('count a broadcast on its targets: another loudspeaker speaks for none of them', async () => {
    await speaker.connect(AREAS);
    await speaker.send('hello', speaker.hello());
    await speaker.welcome();
    const { broadcastId } = await controller.broadcast(['spk-silent']);
    await controller.heard('broadcast.changed', { broadcastId, state: 'issued' });
    speaker.writePlay(broadcastId);
    await speaker.send('journal', speaker.batch());
    await controller.heard('broadcast.changed', { broadcastId, state: 'on_air' });
    expect((await controller.storage.read.broadcasts.get(broadcastId))?.state).toBe('on_air');
    const [row] = await controller.storage.read.receipts.ofBroadcast(broadcastId);
    expect(row).toMatchObject({ speakerId: 'spk-1', view: { state: 'finished' } });
  });

  it('send an unanswered order again on the own topic after the next hello', async () => {
    const { order } = await controller.broadcast(['spk-1']);
    await controller.heard('broadcast.changed', { broadcastId: order.broadcastId, state: 'issued' });
    await speaker.connect(AREAS);
    await speaker.send('hello', speaker.hello());
    expect(await speaker.next('order')).toBe(order.document);
    await speaker.send('answer', speaker.answer(order));
    await controller.heard('delivery.changed', { broadcastId: order.broadcastId, state: 'accepted' });
    speaker.sessionEpoch = 2;
    await speaker.send('hello', speaker.hello());
    expect((await speaker.welcome()).sessionEpoch).toBe(1);
    expect((await speaker.welcome()).sessionEpoch).toBe(2);
    expect(speaker.received.filter(({ name }) => name === 'order')).toEqual([]);
  });

  it('exchange the journal with repetitions, gaps, forks and pruned beginnings', async () => {
    await speaker.connect(AREAS);
    await speaker.send('hello', speaker.hello());
    await speaker.welcome();
    for (let i = 0; i < 4; i++) speaker.write({ kind: 'boot', detail: `${i}` });
    await speaker.send('journal', speaker.batch(2));
    expect(await speaker.ack()).toMatchObject({ seq: 0, hash: null, code: 'journal.gap' });
    await speaker.send('journal', speaker.batch(0, 3));
    expect(await speaker.ack()).toMatchObject({ seq: 3 });
    await speaker.send('journal', speaker.batch(1));
    expect(await speaker.ack()).toMatchObject({ seq: 4, hash: speaker.head.hash });

    const fork = new TestSpeaker({ id: 'spk-1', secret: '', url: '', key: speaker.key });
    for (let i = 0; i < 2; i++) fork.write({ kind: 'boot', detail: 'restored card' });
    await speaker.send('journal', fork.batch());
    expect(await speaker.ack()).toMatchObject({ seq: 2, hash: fork.head.hash });
    await speaker.send('journal', fork.batch());
    await speaker.ack();

    for (let i = 0; i < 6; i++) speaker.write({ kind: 'boot', detail: `later ${i}` });
    await speaker.send('journal', speaker.batch(6, 2, 7));
    expect(await speaker.ack()).toMatchObject({ seq: 8 });

    const { rows } = await controller.storage.read.receipts.journal('spk-1', speaker.epoch, 1, 100);
    expect(rows.map(({ seq, flags }) => [seq, ...flags].join(' ')).sort()).toEqual([
      '1',
      '1 fork',
      '2',
      '2 fork',
      '3',
      '4',
      '7 gap',
      '8',
    ]);
    await controller.heard('refused', { code: 'journal.gap' });
  });

  it('keep and flag what fits nothing, and acknowledge it', async () => {
    await speaker.connect(AREAS);
    await speaker.send('hello', speaker.hello());
    await speaker.welcome();
    const { broadcastId } = await controller.broadcast(['spk-1']);
    speaker.writePlay('brc-nobody-knows');
    speaker.write({ kind: 'hums' as 'boot', broadcastId });
    speaker.write({ kind: 'finished', broadcastId, play: 1, fromMs: 0, toMs: 10 });
    await speaker.send('journal', speaker.batch());
    expect(await speaker.ack()).toMatchObject({ seq: 5 });
    const { rows } = await controller.storage.read.receipts.journal('spk-1', speaker.epoch, 1, 100);
    expect(rows.map(({ flags }) => flags)).toEqual([
      ['unknown_broadcast'],
      ['unknown_broadcast'],
      ['unknown_broadcast'],
      ['unknown_kind'],
      ['unexpected'],
    ]);
  });

  it('refuse a batch of another key, once', async () => {
    await speaker.connect();
    await speaker.send('hello', speaker.hello());
    await speaker.welcome();
    const thief = new TestSpeaker({ id: 'spk-1', secret: '', url: '' });
    thief.write({ kind: 'boot' });
    await speaker.send('journal', thief.batch());
    expect(await speaker.ack()).toMatchObject({ seq: 0, hash: null, code: 'journal.unknown_key' });
    const forged = { ...thief.batch(), keyId: speaker.key.kid };
    speaker.write({ kind: 'boot' });
    await speaker.send('journal', forged);
    await controller.heard('refused', { code: 'journal.bad_signature' });
    await speaker.send('journal', speaker.batch());
    expect(await speaker.ack()).toMatchObject({ seq: 1, hash: speaker.head.hash });
    expect(await controller.storage.read.receipts.entryHashes('spk-1', speaker.epoch, 1, 9)).toEqual(
      new Map([[1, speaker.head.hash]]),
    );
  });

  it('send changed desired state at once, and heal what got lost by the heartbeat', async () => {
    await speaker.connect(AREAS);
    await speaker.send('hello', speaker.hello());
    await speaker.welcome();
    const first = await speaker.assignment();
    await controller.changeSpeaker('spk-1', { gainDb: -6 });
    const second = await speaker.assignment();
    expect(second.value.volume.gainDb).toBe(-6);
    expect(second.value.revision).toBeGreaterThan(first.value.revision);
    // It says that it still holds the first.
    const held = { revision: first.value.revision, hash: first.hash };
    await speaker.send('health', speaker.health({ assignment: held }));
    expect((await speaker.assignment()).hash).toBe(second.hash);
    // Two heartbeats with the same journal behind: it is sent back to what is stored.
    speaker.write({ kind: 'boot' });
    const good = { assignment: { revision: second.value.revision, hash: second.hash } };
    await speaker.send('health', speaker.health(good));
    await speaker.send('health', speaker.health(good));
    expect(await speaker.ack()).toMatchObject({ seq: 0 });
    expect(await speaker.ack()).toMatchObject({ seq: 0, code: 'message.overflow' });
  });

  it('tell signed time for a nonce', async () => {
    await speaker.connect();
    const nonce = 'n'.repeat(22);
    await speaker.send('timeRequest', { v: 1, nonce });
    const { payload } = await controller.keys.verify('time', await speaker.next('time'));
    const reply = timeReplyCodec.parse(payload);
    expect(reply.nonce).toBe(nonce);
    expect(reply.sentAt).toBeGreaterThanOrEqual(reply.receivedAt);
    expect(topicOf('time', 'spk-1')).toBe('loa/1/speaker/spk-1/down/time');
  });
});

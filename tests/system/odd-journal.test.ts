import { afterAll, beforeAll, expect, it } from 'vitest';
import { chainLine, genesis, signBatch } from '#protocols';
import { tempDir } from '../helpers/temp-dir.ts';
import type { TestSpeaker } from '../integration/mqtt/test-speaker.ts';
import { Commune, type Prepared } from './support/commune.ts';

interface Exported {
  readonly rows: readonly {
    readonly seq: number;
    readonly line: string;
    readonly hash: string;
    readonly flags: readonly string[];
  }[];
}

let commune: Commune;
let prepared: Prepared;

beforeAll(async () => {
  commune = await new Commune({ folder: tempDir('odd-journal') }).start();
  prepared = await commune.prepare({ seconds: 1.5, seed: 21 });
}, 60_000);
afterAll(() => commune.stop());

function journal(id: string): Promise<Exported> {
  return commune.controller.as('technician').get(`/speakers/${id}/journal`);
}

/** Sends what was written after `after`; resolves with the acknowledgement. */
async function upload(speaker: TestSpeaker, after: number) {
  await speaker.send('journal', speaker.batch(after));
  return speaker.ack();
}

it('what was played before the cancellation came is stored, acknowledged and flagged', async () => {
  const speaker = await commune.addRaw('raw-cancel');
  const broadcast = await commune.play(prepared, [speaker.id]);
  await commune.controller
    .as('editor')
    .post(`/broadcasts/${broadcast.id}/cancel`, { reason: 'Sai nội dung' });
  speaker.writePlay(broadcast.id);
  expect(await upload(speaker, 0)).toMatchObject({ seq: 3, hash: speaker.head.hash });
  const { rows } = await journal(speaker.id);
  expect(rows.map(({ line }) => line)).toEqual(speaker.lines.map(({ line }) => line));
  expect(rows.flatMap(({ flags }) => flags)).toContain('unexpected');
  const delivery = await commune.delivery(broadcast.id, speaker.id);
  expect(delivery).toMatchObject({ state: 'finished', played: true, flags: ['unexpected'] });
  expect(await commune.broadcast(broadcast.id)).toMatchObject({ state: 'cancelled' });
});

it('a cancellation that is told before the play that it came too late for is kept in both', async () => {
  const speaker = await commune.addRaw('raw-late');
  const broadcast = await commune.play(prepared, [speaker.id]);
  speaker.write({ kind: 'cancelled', broadcastId: broadcast.id, code: 'order.cancelled' });
  const play = { broadcastId: broadcast.id, play: 1, output: 'file', evidence: 'reported' } as const;
  speaker.write({ kind: 'started', ...play, plannedAt: Date.now(), startErrorMs: 1, fromMs: 0 });
  speaker.write({ kind: 'finished', ...play, fromMs: 0, toMs: 1_500 });
  expect(await upload(speaker, 0)).toMatchObject({ seq: 3 });
  const { rows } = await journal(speaker.id);
  expect(rows.map(({ flags }) => flags)).toEqual([[], ['unexpected'], []]);
  expect(await commune.delivery(broadcast.id, speaker.id)).toMatchObject({
    state: 'finished',
    flags: ['unexpected'],
  });
});

it('an unknown broadcast and an unknown kind are kept as they came and flagged', async () => {
  const speaker = await commune.addRaw('raw-unknown');
  const broadcast = await commune.play(prepared, [speaker.id]);
  speaker.writePlay('brc_never-heard-of');
  // A kind of a later version.
  const sung = chainLine(speaker.epoch, speaker.head, {
    kind: 'sung' as 'started',
    at: Date.now(),
    clockErrorMs: 1,
    broadcastId: broadcast.id,
  });
  speaker.lines.push(sung);
  speaker.head = sung.position;
  expect(await upload(speaker, 0)).toMatchObject({ seq: 4, hash: speaker.head.hash });
  const { rows } = await journal(speaker.id);
  expect(rows.map(({ flags }) => flags)).toEqual([
    ['unknown_broadcast'],
    ['unknown_broadcast'],
    ['unknown_broadcast'],
    ['unknown_kind'],
  ]);
  expect(rows.map(({ line }) => line)).toEqual(speaker.lines.map(({ line }) => line));
  expect(await commune.delivery(broadcast.id, speaker.id)).toMatchObject({
    state: 'pending',
    flags: ['unknown_kind'],
  });
  // It goes on as usual behind them.
  speaker.writePlay(broadcast.id);
  expect(await upload(speaker, 4)).toMatchObject({ seq: 7 });
  expect(await commune.delivery(broadcast.id, speaker.id)).toMatchObject({ state: 'finished', played: true });
});

it('a fork is kept in both branches and flagged', async () => {
  const speaker = await commune.addRaw('raw-fork');
  const broadcast = await commune.play(prepared, [speaker.id]);
  speaker.writePlay(broadcast.id);
  expect(await upload(speaker, 0)).toMatchObject({ seq: 3 });
  // The same numbers once more, with another story.
  const start = genesis(speaker.id, speaker.epoch);
  const other = chainLine(speaker.epoch, start, {
    kind: 'failed',
    at: Date.now(),
    clockErrorMs: 1,
    broadcastId: broadcast.id,
    code: 'output.failed',
  });
  const header = { speakerId: speaker.id, epoch: speaker.epoch, after: start, oldestSeq: 1 };
  await speaker.send('journal', signBatch(header, [other], speaker.key));
  expect(await speaker.ack()).not.toHaveProperty('code');
  const { rows } = await journal(speaker.id);
  expect(rows.filter(({ seq }) => seq === 1).map(({ line }) => line)).toEqual(
    expect.arrayContaining([speaker.lines[0]?.line, other.line]),
  );
  expect(rows.find(({ hash }) => hash === other.position.hash)?.flags).toContain('fork');
  // The same again changes nothing.
  await speaker.send('journal', signBatch(header, [other], speaker.key));
  await speaker.ack();
  expect((await journal(speaker.id)).rows).toEqual(rows);
});

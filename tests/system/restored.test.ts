import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';
import { Commune } from './support/commune.ts';
import { likeness, soundingRecordings } from './support/recordings.ts';

const SPEAKER = 'loa-ap-1';

let commune: Commune;
beforeAll(async () => {
  commune = await new Commune({ folder: tempDir('restored') }).start();
}, 60_000);
afterAll(() => commune.stop());

interface Exported {
  readonly rows: readonly { readonly line: string; readonly flags: readonly string[] }[];
}

it('a controller restored from an older copy is not refused, gets what it had not, and doubles nothing', async () => {
  const { controller } = commune;
  const agent = await commune.addAgent(SPEAKER);
  const prepared = await commune.prepare({ seconds: 1.5, seed: 51 });
  const known = await commune.play(prepared, [SPEAKER], { leadMs: 3_000 });
  await commune.settled(known.id, SPEAKER, ['ready']);

  // The copy: the order is out, the receipts are not in yet.
  await controller.end('SIGKILL');
  const copy = join(commune.folder, 'copy');
  await cp(controller.dataFolder, copy, { recursive: true });
  await controller.start();
  await commune.settled(known.id, SPEAKER);
  const forgotten = await commune.play(prepared, [SPEAKER]);
  await commune.settled(forgotten.id, SPEAKER);
  // A desired state that the copy knows nothing of, held by the loudspeaker.
  await controller.as('technician').patch(`/speakers/${SPEAKER}`, { gainDb: -6 });
  await until('the new volume to be held', async () => {
    const { status, gainDb } = await commune.speaker(SPEAKER);
    return gainDb === -6 && status?.assignmentHeld === true;
  });
  const journal = await controller.as('technician').get<Exported>(`/speakers/${SPEAKER}/journal`);

  await controller.end('SIGKILL');
  await rm(controller.dataFolder, { recursive: true });
  await cp(copy, controller.dataFolder, { recursive: true });
  await controller.start();
  await commune.online(SPEAKER);
  expect(await commune.settled(known.id, SPEAKER)).toMatchObject({
    state: 'finished',
    played: true,
    flags: [],
    plays: [{ play: 1 }],
  });
  expect((await commune.broadcasts()).map(({ id }) => id)).toEqual([known.id]);
  const again = await until('the journal to be whole again', async () => {
    const exported = await controller.as('technician').get<Exported>(`/speakers/${SPEAKER}/journal`);
    return exported.rows.length >= journal.rows.length && exported;
  });
  expect(again.rows.slice(0, journal.rows.length).map(({ line }) => line)).toEqual(
    journal.rows.map(({ line }) => line),
  );
  for (const { line, flags } of again.rows) {
    const { broadcastId } = JSON.parse(line) as { broadcastId?: string };
    expect(flags, line).toEqual(broadcastId === forgotten.id ? ['unknown_broadcast'] : []);
  }
  // Its orders and its desired state count, though the loudspeaker held a newer one.
  const next = await commune.play(prepared, [SPEAKER]);
  expect(await commune.settled(next.id, SPEAKER)).toMatchObject({ state: 'finished', played: true });
  expect(await commune.speaker(SPEAKER)).toMatchObject({ gainDb: 0, status: { assignmentHeld: true } });
  const recordings = await soundingRecordings(agent.recordings);
  expect(recordings).toHaveLength(3);
  for (const recording of recordings)
    expect(likeness(prepared.samples, recording).pieces).toBeGreaterThanOrEqual(0.95);
}, 90_000);

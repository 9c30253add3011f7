import pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { type LatchView, latchCodec, payloadOf } from '#protocols';
import { freshPostgresDatabase } from '../../helpers/postgres.ts';
import { describeWith } from '../../helpers/requirements.ts';
import { COMMUNE, type Problem, startController } from './support.ts';
import {
  allStored,
  audited,
  cancel,
  change,
  connected,
  keptIn,
  MUTE,
  nextAssignment,
  nextCancel,
  played,
  REASON,
} from './urgent-support.ts';

/** From the call to the loudspeaker, at most. */
const LIMIT_MS = 5_000;
/** PostgreSQL's deadlock_detected. */
const DEADLOCK = '40P01';

/** Another session that holds every table. EXCLUSIVE: nobody else writes · ACCESS EXCLUSIVE: nor reads. */
async function lockTables(url: string, mode: 'EXCLUSIVE' | 'ACCESS EXCLUSIVE'): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  const { rows } = await client.query<{ name: string }>(
    `SELECT format('%I', tablename) AS name FROM pg_tables WHERE schemaname = 'public'`,
  );
  for (;;) {
    await client.query('BEGIN');
    try {
      // One table after the other: with a transaction under way that may be a deadlock, of which either is the victim.
      await client.query(`LOCK TABLE ${rows.map(({ name }) => name).join(', ')} IN ${mode} MODE`);
      return client;
    } catch (error) {
      if ((error as { code?: unknown }).code !== DEADLOCK) throw error;
      await client.query('ROLLBACK');
    }
  }
}

/** What is heard of an act at a loudspeaker, and how long after the call, ms. */
async function heard<Answer, Document>(
  act: () => Promise<Answer>,
  document: Promise<Document>,
): Promise<{ readonly answer: Answer; readonly document: Document; readonly ms: number }> {
  const began = performance.now();
  const answer = act();
  const received = await document;
  const ms = performance.now() - began;
  return { answer: await answer, document: received, ms };
}

describeWith(['postgresql'], 'while another session holds the tables of PostgreSQL', () => {
  it.each(['EXCLUSIVE', 'ACCESS EXCLUSIVE'] as const)(
    'in mode %s, cancel, mute, volume and stop reach their loudspeaker, and the database afterwards',
    async (mode) => {
      const url = await freshPostgresDatabase();
      const controller = await startController({}, { LOA_DATABASE_URL: url });
      const speaker = await connected(controller, await controller.speaker('loa-1', 'ap-1'));
      await nextAssignment(speaker, () => true);
      const { id } = await played(controller);
      await speaker.next('areaOrder');

      const foreign = await lockTables(url, mode);
      const muted = await heard(
        () => change(controller, MUTE),
        nextAssignment(speaker, ({ mute }) => mute !== null),
      );
      expect(keptIn(muted.answer)).toEqual([202, 'file', undefined]);
      const quieter = await heard(
        () => change(controller, { gainDb: -6 }),
        nextAssignment(speaker, ({ volume }) => volume.gainDb === -6),
      );
      expect(keptIn(quieter.answer)).toEqual([202, 'file', undefined]);
      const cancelled = await heard(() => cancel(controller, id), nextCancel(speaker, 'areaOrder'));
      expect(keptIn(cancelled.answer)).toEqual([202, 'file', undefined]);
      expect(cancelled.document).toMatchObject({ broadcastId: id, reason: REASON });
      const scope = { kind: 'area', id: COMMUNE };
      const stopped = await heard(
        () => controller.post<LatchView & Problem>('editor', 'latches', { scope, reason: REASON }),
        speaker.next('areaLatch'),
      );
      expect([stopped.answer.status, stopped.answer.body.kept]).toEqual([201, 'file']);
      expect(latchCodec.parse(payloadOf(stopped.document))).toMatchObject({ scope, state: 'set' });
      for (const { ms } of [muted, quieter, cancelled, stopped]) expect(ms).toBeLessThan(LIMIT_MS);

      await foreign.query('COMMIT');
      await allStored(controller);
      const { read } = controller.context.storage;
      expect(await read.speakers.get('loa-1')).toMatchObject({ gainDb: -6, mute: { reason: 'đám tang' } });
      expect((await read.broadcasts.get(id))?.state).toBe('cancelled');
      expect(await audited(controller, 'speaker.change')).toHaveLength(2);
      expect(await audited(controller, 'broadcast.cancel')).toHaveLength(1);
    },
    120_000,
  );
});

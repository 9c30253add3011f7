import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DisposerStack, SystemClock } from '#kit';
import { SILENT_LOG } from '../../../server/storage/options.ts';
import { SqliteEngine } from '../../../server/storage/sqlite/engine.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

it('the connections that write and read have the settings that durability rests on', async () => {
  const engine = new SqliteEngine({
    ...{
      path: join(tempDir('durable'), 'loa.db'),
      clock: new SystemClock(),
      log: SILENT_LOG,
      busyLimitMs: 1_000,
    },
  });
  const disposers = new DisposerStack();
  await engine.open(disposers);
  try {
    const settings = async (models: typeof engine.reader.models) => {
      const names = ['journal_mode', 'synchronous', 'foreign_keys', 'busy_timeout'];
      const values = await Promise.all(
        names.map((name) => models.$queryRawUnsafe<object[]>(`PRAGMA ${name}`)),
      );
      return values.map((rows) => Object.values(rows[0] ?? {}).map(String)[0]);
    };
    // synchronous 2 is FULL: a commit is on the disk when it is acknowledged. In WAL better-sqlite3 would take 1.
    const expected = ['wal', '2', '1', '20'];
    expect(await engine.attempt(({ models }) => settings(models))).toEqual(expected);
    expect(await settings(engine.reader.models)).toEqual(expected);
  } finally {
    await disposers.dispose();
  }
});

import { describe, expect, it } from 'vitest';
import { SystemClock } from '#kit';
import { MarkKeeper } from '../../../server/domain/announcements/mark-keeper.ts';
import { AreaDirectory } from '../../../server/domain/areas/area-directory.ts';
import { openStorage } from '../../../server/storage/index.ts';
import { ownMigrations, type Provider, RECORD_TABLE } from '../../../server/storage/migrations.ts';
import { describeWith } from '../../helpers/requirements.ts';
import { type DatabaseBeside, postgresqlBeside, sqliteBeside } from './database-beside.ts';

/** No schedule airs anything. */
const nothingPlanned = {
  clock: new SystemClock(),
  lacking: async () => new Map(),
  named: async () => new Set<string>(),
};

const FIRST_MARKED = '0015_announcement_marks';
const said = (areaId: string, verdict = 'approved') =>
  `{"areaId":"${areaId}","verdict":"${verdict}","by":"x","at":1,"reason":null}`;

/** One of before: state, station, areas that it names, decisions; and the areas in which somebody is asked now. */
const ANNOUNCEMENTS: readonly (readonly [string, string, string, string[], string[], string[]])[] = [
  ['draft', 'draft', 'xa', [], [], []],
  ['rejected', 'rejected', 'xa', [], [said('xa', 'rejected')], []],
  ['submitted', 'submitted', 'xa', [], [], ['asked xa']],
  ['named', 'submitted', 'xa', ['ap-1', 'khac'], [said('khac')], ['asked ap-1']],
  ['approved', 'approved', 'xa', [], [said('xa')], []],
  ['whole', 'approved', 'xa', ['xa', 'khac'], [said('xa'), said('khac')], []],
  ['partly', 'approved', 'xa', ['xa', 'khac'], [said('xa')], ['asked khac']],
  ['parts', 'approved', 'xa', ['xa'], [said('ap-1')], ['asked ap-2', 'parted xa']],
  ['merged', 'approved', 'cu', [], [said('cu')], ['asked ap-1', 'asked ap-2', 'parted xa']],
];

function upgrade(provider: Provider, make: () => Promise<DatabaseBeside>): void {
  it('a database of before is marked as it would have been, and nothing is overlooked until then', async () => {
    const { url, run } = await make();
    const before = (await ownMigrations(provider)).filter(({ name }) => name < FIRST_MARKED);
    await run(RECORD_TABLE[provider]);
    for (const { name, sql, checksum } of before) {
      await run(sql);
      await run(
        `INSERT INTO "_prisma_migrations" ("id", "checksum", "migration_name", "finished_at") VALUES ('${name}', '${checksum}', '${name}', current_timestamp)`,
      );
    }
    const area = (id: string, parentId: string | null, mergedInto: string | null = null) => {
      const text = (value: string | null) => (value === null ? 'NULL' : `'${value}'`);
      const retiredAt = mergedInto === null ? 'NULL' : '1';
      return `INSERT INTO "Area" ("id", "parentId", "kind", "name", "createdAt", "retiredAt", "mergedInto") VALUES ('${id}', ${text(parentId)}, 'ấp', '${id}', 0, ${retiredAt}, ${text(mergedInto)});`;
    };
    await run(
      [
        area('xa', null),
        area('khac', null),
        area('ap-1', 'xa'),
        area('ap-2', 'xa'),
        area('cu', 'xa', 'xa'),
      ].join('\n'),
    );
    for (const [at, [id, state, areaId, forAreas, decisions]] of ANNOUNCEMENTS.entries())
      await run(
        `INSERT INTO "Announcement" ("id", "areaId", "title", "category", "origin", "language", "priority", "state", "createdBy", "forAreas", "decisions", "createdAt", "updatedAt")
          VALUES ('${id}', '${areaId}', 'x', '', 'own', 'vi', 'normal', '${state}', 'x', '${JSON.stringify(forAreas)}', '[${decisions.join()}]', ${at}, ${at})`,
      );

    const storage = openStorage({ url, clock: new SystemClock() });
    await storage.start();
    try {
      const { announcements } = storage.read;
      const everywhere = ['xa', 'khac', 'ap-1', 'ap-2', 'cu'];
      const asked = async () =>
        (await announcements.asked({ areaIds: everywhere, parted: everywhere }, { limit: 99 })).map(
          ({ id }) => id,
        );
      const open = ANNOUNCEMENTS.filter(([, , , , , where]) => where.length > 0).map(([id]) => id);
      expect(await asked()).toEqual(expect.arrayContaining(open));
      expect(await asked()).not.toContain('approved');

      const areas = new AreaDirectory();
      areas.load(await storage.read.areas.all());
      await new MarkKeeper({ storage, areas, ...nothingPlanned }).settle();
      expect(await announcements.unmarked({ limit: 1 })).toEqual([]);
      expect(await asked()).toEqual(open);
      for (const [id, , , , , where] of ANNOUNCEMENTS) {
        const found: string[] = [];
        for (const kind of ['asked', 'parted'] as const)
          for (const areaId of everywhere)
            if ((await announcements.marked([kind], [areaId])).some((one) => one.id === id))
              found.push(`${kind} ${areaId}`);
        expect([id, found.sort()]).toEqual([id, where]);
      }
      const approved = await announcements.approvedFor(['xa', 'khac'], { limit: 99 });
      expect(approved.map(({ id }) => id)).toEqual(['parts', 'partly', 'whole', 'approved']);
    } finally {
      await storage.stop();
    }
  });
}

describe('marks on SQLite', () => upgrade('sqlite', sqliteBeside));
describeWith(['postgresql'], 'marks on PostgreSQL', () => upgrade('postgresql', postgresqlBeside));

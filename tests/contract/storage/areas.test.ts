import { expect, it } from 'vitest';
import { DEFAULT_ZONE } from '../../../server/domain/areas/area.ts';
import { SEED_AREAS, seedTanAn, TAN_AN } from '../../../server/storage/index.ts';
import { onBothDatabases } from './databases.ts';
import { AT, area, uniqueId } from './samples.ts';

onBothDatabases('areas', (storage) => {
  it('come back as they were entered', async () => {
    const parent = area({ zone: 'Asia/Ho_Chi_Minh', policy: '{"windows": []}' });
    const child = area({ parentId: parent.id, kind: 'ấp', name: 'Bình Chánh', retiredAt: AT + 1 });
    await storage().transaction(async (tx) => {
      await tx.areas.insert(parent);
      await tx.areas.insert(child);
    });
    const all = await storage().read.areas.all();
    expect(all.filter(({ id }) => id === parent.id || id === child.id)).toEqual([parent, child]);
  });

  it('keep the old name in their history', async () => {
    const place = area({ name: 'Hòa Mạc' });
    await storage().transaction((tx) => tx.areas.insert(place));
    await storage().transaction((tx) =>
      tx.areas.update({ ...place, kind: 'phường', name: 'Duy Tân' }, AT + 10),
    );
    await storage().transaction((tx) =>
      tx.areas.update({ ...place, kind: 'phường', name: 'Duy Tân', policy: '{}' }, AT + 20),
    );
    const { id: areaId } = place;
    expect(await storage().read.areas.names(areaId)).toEqual([
      { areaId, since: AT, kind: 'xã', name: 'Hòa Mạc', parentId: null },
      { areaId, since: AT + 10, kind: 'phường', name: 'Duy Tân', parentId: null },
    ]);
  });

  it('are refused below a parent that does not exist', async () => {
    const orphan = area({ parentId: uniqueId('nowhere') });
    await expect(storage().transaction((tx) => tx.areas.insert(orphan))).rejects.toThrow();
    expect((await storage().read.areas.all()).map(({ id }) => id)).not.toContain(orphan.id);
  });

  it('that do not exist cannot be changed', async () => {
    const change = storage().transaction((tx) => tx.areas.update(area(), AT));
    await expect(change).rejects.toMatchObject({ code: 'request.not_found' });
  });

  it('of Tân An are seeded once', async () => {
    await seedTanAn(storage());
    await seedTanAn(storage());
    const all = await storage().read.areas.all();
    const seeded = all.filter(({ id }) => SEED_AREAS.some((place) => place.id === id));
    expect(seeded).toHaveLength(SEED_AREAS.length);
    expect(seeded.find(({ id }) => id === 'vn')?.zone).toBe(DEFAULT_ZONE);
    expect(seeded.filter(({ parentId }) => parentId === TAN_AN).map(({ name }) => name)).toContain(
      'Cây Xoài',
    );
  });
});

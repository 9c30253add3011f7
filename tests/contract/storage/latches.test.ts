import { expect, it } from 'vitest';
import type { StoredLatch } from '../../../server/domain/latches/latch.ts';
import { onBothDatabases } from './databases.ts';
import { AT, announcement, area, speaker, uniqueId } from './samples.ts';

const latch = (over: Partial<StoredLatch> = {}): StoredLatch => ({
  ...{ id: uniqueId('lat'), scope: 'area.ap-1', revision: 1_767_564_000_000, state: 'set' as const },
  ...{ reason: 'loa hú', setBy: 'bích', setAt: AT, releasedBy: null, releasedAt: null },
  ...{ hash: 'hash', document: 'aGVhZA.Ym9keQ.c2ln' },
  ...over,
});

onBothDatabases('latches', (storage) => {
  it('come back as they are now, by the time at which they were set', async () => {
    const [later, earlier] = [latch({ setAt: AT + 1 }), latch({ setAt: AT })];
    await storage().transaction(async (tx) => {
      await tx.latches.save(later);
      await tx.latches.save(earlier);
    });
    const released: StoredLatch = {
      ...later,
      ...{ revision: later.revision + 1, state: 'released', releasedBy: 'chủ tịch', releasedAt: AT + 5 },
      document: 'b.b.b',
    };
    await storage().transaction((tx) => tx.latches.save(released));
    const all = await storage().read.latches.all();
    expect(all.filter(({ id }) => [later.id, earlier.id].includes(id))).toEqual([earlier, released]);
  });

  it('and mutes are found without reading every loudspeaker', async () => {
    const place = area();
    const hold = { by: 'bích', reason: 'đám tang', until: null };
    const [quiet, muted, repaired] = [
      speaker(place.id),
      speaker(place.id, { mute: hold }),
      speaker(place.id, { maintenance: hold }),
    ];
    await storage().transaction(async (tx) => {
      await tx.areas.insert(place);
      for (const one of [quiet, muted, repaired]) await tx.speakers.insert(one);
    });
    const held = (await storage().read.speakers.list({ held: true })).filter(
      ({ areaId }) => areaId === place.id,
    );
    expect(held).toEqual([muted, repaired]);
  });

  it('let emergencies through that loudspeakers keep: the approved ones of an area', async () => {
    const place = area();
    const message = (over: object) =>
      announcement(place.id, { stored: true, stream: null, state: 'approved', ...over });
    const [old, young, draft, other] = [
      message({ createdAt: AT }),
      message({ createdAt: AT + 1 }),
      message({ state: 'draft' }),
      message({ stored: false }),
    ];
    await storage().transaction(async (tx) => {
      await tx.areas.insert(place);
      for (const one of [old, young, draft, other]) await tx.announcements.insert(one);
    });
    expect(await storage().read.announcements.stored(place.id)).toEqual([young, old]);
  });
});

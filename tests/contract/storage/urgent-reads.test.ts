import { expect, it } from 'vitest';
import type { Speaker } from '../../../server/domain/speakers/speaker.ts';
import { onBothDatabases } from './databases.ts';
import { area, broadcast, order, speaker, stored } from './samples.ts';

/** What an act needs of a record; the document that it signs anew is left out. */
const without = (record: Speaker | null) => record && { ...record, assignmentDocument: null };

onBothDatabases('what urgent acts read', (storage) => {
  const sameSpeaker = async (id: string) => {
    const { read, urgentReads } = storage();
    const [known, stored] = [await urgentReads.speakers.get(id), await read.speakers.get(id)];
    expect(without(known)).toEqual(without(stored));
    return known;
  };
  const sameBroadcast = async (id: string) => {
    const { read, urgentReads } = storage();
    const known = await urgentReads.broadcasts.get(id);
    expect(known).toEqual(await read.broadcasts.get(id));
    expect(await urgentReads.broadcasts.snapshot(id)).toEqual(await read.broadcasts.snapshot(id));
    expect(await urgentReads.broadcasts.orders(id)).toEqual(await read.broadcasts.orders(id));
    return known;
  };

  it('is each loudspeaker as it was last committed', async () => {
    const place = area();
    const first = speaker(place.id, { lifecycle: 'enrolled', keyId: null, publicKey: null });
    await storage().transaction(async (tx) => {
      await tx.areas.insert(place);
      await tx.speakers.insert(first);
    });
    expect(await sameSpeaker(first.id)).toMatchObject({ lifecycle: 'enrolled' });
    await storage().transaction((tx) => tx.speakers.registerKey(first.id, 'key', 'public'));
    expect(await sameSpeaker(first.id)).toMatchObject({ lifecycle: 'active', keyId: 'key' });
    const mute = { by: 'bích', reason: 'đám tang', until: null };
    const now = (await storage().read.speakers.get(first.id)) ?? first;
    await storage().transaction((tx) => tx.speakers.update({ ...now, mute, gainDb: -6 }));
    expect(await sameSpeaker(first.id)).toMatchObject({ mute, gainDb: -6 });
    const failed = storage().transaction(async (tx) => {
      await tx.speakers.update({ ...now, gainDb: -20 });
      throw new Error('rolled back');
    });
    await expect(failed).rejects.toThrow('rolled back');
    expect(await sameSpeaker(first.id)).toMatchObject({ gainDb: -6 });
    expect(await sameSpeaker('spk_unknown')).toBeNull();
  });

  it('is each broadcast with its targets and orders as it was last committed, and as it is found at a start', async () => {
    const { broadcast: airing } = await stored(storage());
    await storage().transaction((tx) => tx.broadcasts.insertOrder(order(airing.id)));
    expect(await sameBroadcast(airing.id)).toEqual(airing);
    const other = broadcast(airing.areaId, airing.announcementId ?? '', { id: airing.id, title: 'Đã sửa' });
    const snapshot = { broadcastId: airing.id, speakerIds: ['spk_c'] };
    await storage().transaction((tx) => tx.broadcasts.rewrite(other, snapshot));
    expect(await sameBroadcast(airing.id)).toMatchObject({ title: 'Đã sửa' });
    await storage().transaction((tx) => tx.broadcasts.transition(airing.id, [other.state], 'issued'));
    expect(await sameBroadcast(airing.id)).toMatchObject({ state: 'issued' });
    await storage().stop();
    await storage().start();
    expect(await sameBroadcast(airing.id)).toMatchObject({ state: 'issued', title: 'Đã sửa' });
    await storage().transaction((tx) => tx.broadcasts.transition(airing.id, ['issued'], 'cancelled', 'nhầm'));
    expect(await sameBroadcast(airing.id)).toMatchObject({ state: 'cancelled', cancelReason: 'nhầm' });
    expect(await sameBroadcast('brc_unknown')).toBeNull();
  });
});

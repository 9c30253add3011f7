import { expect, it } from 'vitest';
import { type Health, sha256 } from '#protocols';
import { onBothDatabases } from './databases.ts';
import { AT, area, health, speaker, status, uniqueId } from './samples.ts';

onBothDatabases('loudspeakers', (storage) => {
  it('lay where they lay, whatever became of them since', async () => {
    const id = uniqueId('spk');
    await storage().transaction(async (tx) => {
      await tx.speakers.leavePlace(id, 'ap-1', AT + 10);
      await tx.speakers.leavePlace(id, 'ap-2', AT + 20);
    });
    const at = async (instant: number) =>
      (await storage().read.speakers.placesAt([id, 'spk-x'], instant)).get(id);
    expect(await Promise.all([AT, AT + 9, AT + 10, AT + 19, AT + 20].map(at))).toEqual([
      'ap-1',
      'ap-1',
      'ap-2',
      'ap-2',
      undefined,
    ]);
  });

  it('come back as they were entered and changed', async () => {
    const place = area();
    const loud = speaker(place.id);
    const changed = {
      ...loud,
      name: 'Cụm loa đình làng',
      mute: { by: 'hải', reason: 'đám tang', until: AT + 5 },
      assignmentRevision: Number.MAX_SAFE_INTEGER,
      assignmentHash: sha256('x'),
      assignmentDocument: 'a.b.c',
    };
    await storage().transaction(async (tx) => {
      await tx.areas.insert(place);
      await tx.speakers.insert(loud);
    });
    expect(await storage().read.speakers.get(loud.id)).toEqual(loud);
    await storage().transaction((tx) => tx.speakers.update(changed));
    expect(await storage().read.speakers.get(loud.id)).toEqual(changed);
    expect(await storage().read.speakers.get('spk_nobody')).toBeNull();
  });

  it('are listed by area and by id, however many there are', async () => {
    const [here, there] = [area(), area()];
    const many = Array.from({ length: 510 }, (_, i) =>
      speaker(here.id, { id: `${here.id}-${String(i).padStart(4, '0')}` }),
    );
    const other = speaker(there.id);
    await storage().transaction(async (tx) => {
      await tx.areas.insert(here);
      await tx.areas.insert(there);
      for (const one of [...many, other]) await tx.speakers.insert(one);
    });
    const { speakers } = storage().read;
    const ids = many.map(({ id }) => id);
    expect((await speakers.list({ areaIds: [here.id] })).map(({ id }) => id)).toEqual(ids);
    expect(await speakers.list({ areaIds: [here.id], ids: [other.id] })).toEqual([]);
    expect(await speakers.list({ ids: [other.id, 'spk_nobody'] })).toEqual([other]);
    const all = (await speakers.list()).map(({ id }) => id);
    expect(all).toEqual(expect.arrayContaining([...ids, other.id]));
    const credentials = await speakers.credentials();
    expect(credentials.map(({ speakerId }) => speakerId)).toEqual(all);
    expect(credentials.find(({ speakerId }) => speakerId === other.id)).toEqual({
      ...{ speakerId: other.id, secretHash: other.secretHash, lifecycle: 'enrolled', areaId: there.id },
    });
  });

  it('take the credentials of an enrolment unless they are out of use, and are active from their first hello on', async () => {
    const place = area();
    const [loud, blocked] = [speaker(place.id), speaker(place.id, { lifecycle: 'blocked' })];
    await storage().transaction(async (tx) => {
      await tx.areas.insert(place);
      for (const one of [loud, blocked]) await tx.speakers.insert(one);
    });
    const credentials = { secretHash: sha256('other'), keyId: 'k1', publicKey: 'pub k1' };
    const enrol = (id: string) => storage().transaction((tx) => tx.speakers.enrol(id, credentials));
    expect(await enrol(loud.id)).toBe(true);
    expect(await enrol(blocked.id)).toBe(false);
    expect(await enrol('spk_nobody')).toBe(false);
    expect(await storage().read.speakers.get(loud.id)).toEqual({ ...loud, ...credentials });
    for (const { id } of [loud, blocked]) await storage().transaction((tx) => tx.speakers.activate(id));
    expect(await storage().read.speakers.get(loud.id)).toMatchObject({ lifecycle: 'active' });
    expect(await storage().read.speakers.get(blocked.id)).toEqual(blocked);
  });

  it('keep the status of the newest session', async () => {
    const place = area();
    const loud = speaker(place.id);
    await storage().transaction(async (tx) => {
      await tx.areas.insert(place);
      await tx.speakers.insert(loud);
    });
    const newest = status(loud.id, { sessionEpoch: 9, agentVersion: '0.2.0' });
    const lastWill = status(loud.id, { sessionEpoch: 8, link: 'offline' });
    const save = (...list: (typeof newest)[]) =>
      storage().transaction((tx) => tx.speakers.saveStatuses(list));
    await save(status(loud.id), newest, lastWill);
    await save(lastWill);
    expect(await storage().read.speakers.statuses({ ids: [loud.id, 'spk_nobody'] })).toEqual([newest]);
    const degraded = { ...newest, condition: 'degraded' as const, health: null, lastSeenAt: null };
    await save(degraded);
    expect(await storage().read.speakers.statuses({ areaIds: [place.id] })).toEqual([degraded]);
    await storage().transaction((tx) => tx.speakers.forgetLinks());
    expect(await storage().read.speakers.statuses({ ids: [loud.id] })).toEqual([
      { ...degraded, link: 'unknown' },
    ]);
  });

  it('have their status read all together', async () => {
    const ids = Array.from({ length: 1_030 }, () => uniqueId('many'));
    await storage().transaction((tx) => tx.speakers.saveStatuses(ids.map((id) => status(id))));
    const all = await storage().read.speakers.statuses();
    expect(all.map(({ speakerId }) => speakerId)).toEqual(expect.arrayContaining(ids));
  });

  it('keep a history of health, each report once', async () => {
    const speakerId = uniqueId('spk');
    const reports = [0, 1, 1, 2].map((n) => ({
      speakerId,
      health: health({ at: AT + n, uptimeSeconds: n }),
    }));
    await storage().transaction((tx) => tx.speakers.saveHealth(reports));
    await storage().transaction((tx) => tx.speakers.saveHealth(reports));
    const prune = (before: number) => storage().transaction((tx) => tx.speakers.pruneHealth(before));
    expect(await prune(AT + 2)).toBe(2);
    expect(await prune(AT + 3)).toBe(1);
  });

  it('let go of old health reports step by step', async () => {
    const speakerId = uniqueId('spk');
    const old = Date.UTC(2020, 0, 1);
    const reports = [0, 1, 2, 3, 4, 5].map((n) => ({ speakerId, health: health({ at: old + n }) }));
    await storage().transaction((tx) => tx.speakers.saveHealth(reports));
    const prune = () => storage().transaction((tx) => tx.speakers.pruneHealth(old + 5, 2));
    expect([await prune(), await prune(), await prune(), await prune()]).toEqual([2, 2, 1, 0]);
  });

  it('keep of old health the first of each hour, and whatever names a problem', async () => {
    const [one, two] = [uniqueId('spk'), uniqueId('spk')];
    const [minute, hour] = [60_000, 3_600_000];
    const old = Date.UTC(2019, 0, 1);
    const at = (speakerId: string, offset: number, problems: Health['problems'] = []) => ({
      speakerId,
      health: health({ at: old + offset, problems }),
    });
    const reports = [
      ...[at(one, 3 * minute), at(one, 8 * minute), at(one, 59 * minute, ['output.missing'])],
      ...[at(two, 9 * minute), at(one, hour), at(one, hour + 5 * minute)],
    ];
    await storage().transaction((tx) => tx.speakers.saveHealth(reports));
    expect(await storage().read.speakers.oldestHealthAt()).toBe(old + 3 * minute);
    for (let from = old; from < old + hour; from += 10 * minute)
      await storage().transaction((tx) =>
        tx.speakers.thinHealth({ bucket: old, from, to: from + 10 * minute }),
      );
    // One of one's own first hour went, nothing of the next one.
    expect(await storage().transaction((tx) => tx.speakers.pruneHealth(old + hour))).toBe(3);
    expect(await storage().transaction((tx) => tx.speakers.pruneHealth(old + 2 * hour))).toBe(2);
  });

  it('have no journal position before the first batch', async () => {
    expect(await storage().read.speakers.journals(['spk_nobody'])).toEqual(new Map());
  });
});

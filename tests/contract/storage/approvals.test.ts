import { expect, it } from 'vitest';
import { sha256 } from '#protocols';
import type { Announcement } from '../../../server/domain/announcements/announcement.ts';
import type { MarkKind } from '../../../server/domain/announcements/mark.ts';
import type { KnownRefusal } from '../../../server/domain/announcements/refused-before.ts';
import type { StandingApproval } from '../../../server/domain/announcements/standing-approval.ts';
import type { Emergency } from '../../../server/domain/emergencies/emergency.ts';
import { onBothDatabases } from './databases.ts';
import { AT, announcement, area, broadcast, uniqueId } from './samples.ts';

const standing = (areaId: string, over: Partial<StandingApproval> = {}): StandingApproval => ({
  ...{ id: uniqueId('sta'), seriesId: 'ser_1', scheduleId: 'sch_1', areaId, title: 'Tiếp âm sáng' },
  ...{
    areas: [areaId],
    exceptAreas: ['ap-1'],
    editors: ['bích'],
    maxMinutes: 30,
    note: '',
    by: 'chairman',
    as: 'deputy',
  },
  terms: {
    ...{
      files: false,
      streams: ['https://vov.example/vov1.mp3'],
      fallbacks: [],
      priority: 'normal',
      outsideWindows: false,
      sessionMinutes: 45,
    },
    recurrence: { kind: 'weekly', days: [1, 2], times: ['05:30'] },
    targets: { areas: [areaId], speakers: [], excludeAreas: [], excludeSpeakers: [] },
  },
  ...{ at: AT, expiresAt: AT + 0.5, endedAt: null, endedBy: null, endedAs: null, endedReason: null },
  ...over,
});

const emergency = (areaId: string, over: Partial<Emergency> = {}): Emergency => ({
  ...{ id: uniqueId('emg'), announcementId: 'ann_1', areaId, title: 'Xả lũ', sha256: sha256('words') },
  request: { announcementId: 'ann_1', sha256: sha256('words'), targets: { areas: [areaId] } },
  ...{
    askedBy: 'bích',
    askedByLeader: false,
    askedAs: null,
    askedAt: AT,
    expiresAt: AT + 900_000,
    state: 'waiting',
  },
  ...{ breakGlass: null, decidedBy: null, decidedAs: null, decidedAt: null, broadcastId: null },
  ...{ reviewedBy: null, reviewedAs: null, reviewedAt: null, justified: null, reviewNote: null },
  ...over,
});

onBothDatabases('approvals', (storage) => {
  it('keep emergencies, and find those that are reviewed', async () => {
    const place = area();
    const waiting = emergency(place.id);
    const broken = emergency(place.id, { askedAt: AT + 1, state: 'aired', breakGlass: 'vỡ đê' });
    await storage().transaction(async (tx) => {
      for (const one of [waiting, broken]) await tx.emergencies.save(one);
    });
    const { emergencies } = storage().read;
    const listed = async (reviews: boolean) => {
      const found: Emergency[] = [];
      for await (const one of emergencies.newestFirst({ reviews }))
        if (one.areaId === place.id) found.push(one);
      return found;
    };
    expect(await listed(false)).toEqual([broken, waiting]);
    const reviewed = {
      ...broken,
      reviewedBy: 'chairman',
      reviewedAs: 'deputy' as const,
      reviewedAt: AT + 2,
      justified: false,
      reviewNote: 'x',
    };
    await storage().transaction((tx) => tx.emergencies.save(reviewed));
    expect(await listed(true)).toEqual([reviewed]);
    expect(await emergencies.get(waiting.id)).toEqual(waiting);
    expect(await emergencies.get('emg_none')).toBeNull();
  });

  it('find what is meant for some areas, of whichever station, and where it waits', async () => {
    const places = [area(), area()] as const;
    const [here, beside] = [places[0].id, places[1].id];
    const made = (areaId: string, over: object) =>
      announcement(areaId, { forAreas: [], decisions: [], ...over });
    const submitted = made(here, { state: 'submitted', createdAt: AT });
    const named = made(beside, { state: 'submitted', forAreas: [beside, here], createdAt: AT + 1 });
    const partly = made(beside, { state: 'approved', forAreas: [here], createdAt: AT + 2 });
    const approved = made(here, { state: 'approved', createdAt: AT + 3 });
    const others = [made(beside, { state: 'submitted' }), made(here, { state: 'draft' })];
    await storage().transaction(async (tx) => {
      for (const one of places) await tx.areas.insert(one);
      for (const one of [submitted, named, ...others]) await tx.announcements.insert(one);
      await tx.announcements.insert(partly, [
        { areaId: here, kind: 'parted' },
        { areaId: beside, kind: 'asked' },
      ]);
      await tx.announcements.insert(approved, []);
    });
    const { announcements } = storage().read;
    const asked = (areaIds: string[], parted: string[], page: { limit: number; after?: string }) =>
      announcements.asked({ areaIds, parted }, page);
    // What nobody has marked is found wherever it may wait.
    expect(await asked([here], [], { limit: 9 })).toEqual([submitted, named]);
    expect(await asked([here, 'nowhere'], [here], { limit: 9 })).toEqual([submitted, named, partly]);
    // A page so long that the marks are asked for one by one.
    expect(await asked([here, 'nowhere'], [here], { limit: 2_500 })).toEqual([submitted, named, partly]);
    expect(await asked([here], [here], { limit: 2 })).toEqual([submitted, named]);
    expect(await asked([here], [here], { limit: 2, after: named.id })).toEqual([partly]);
    expect(await asked([here], [here], { limit: 2, after: 'ann_none' })).toEqual([]);
    expect(await asked([], [], { limit: 9 })).toEqual([]);
    expect(await announcements.approvedFor([here, 'nowhere'], { limit: 9 })).toEqual([approved, partly]);
    expect(await announcements.approvedFor([here, beside], { limit: 1 })).toEqual([approved]);
    expect(await announcements.approvedFor([here, beside], { limit: 9, before: approved.id })).toEqual([
      partly,
    ]);
    const ids = async (...kinds: MarkKind[]) =>
      (await announcements.marked(kinds, [here])).map(({ id }) => id).sort();
    expect(await ids('approved')).toEqual([approved.id, partly.id].sort());
    expect(await ids('submitted', 'parted')).toEqual([submitted.id, named.id, partly.id].sort());

    // Each once, however many areas it names, also where the page ends among them.
    const unmarked = (await announcements.unmarked({ limit: 999 })).map(({ id }) => id);
    const paged: string[] = [];
    for (let after: string | undefined; ; after = paged.at(-1)) {
      const page = await announcements.unmarked({ limit: 1, ...(after === undefined ? {} : { after }) });
      if (page.length === 0) break;
      paged.push(...page.map(({ id }) => id));
    }
    expect(paged).toEqual(unmarked);
    // Marks are replaced with the record, and by themselves.
    expect((await announcements.unmarked({ limit: 99 })).map(({ id }) => id)).toContain(named.id);
    const settled = { ...submitted, state: 'rejected' as const };
    await storage().transaction(async (tx) => {
      const asks = { areaId: beside, kind: 'asked' } as const;
      const heard = { areaId: here, kind: 'heard', at: AT + 9 } as const;
      await tx.announcements.mark([{ announcement: named, open: [asks, heard] }]);
      await tx.announcements.mark([{ announcement: partly, open: [{ ...heard, at: AT + 10 }] }]);
      expect(await tx.announcements.update(settled, 'submitted', [])).toBe(true);
      expect(await tx.announcements.update(settled, 'submitted')).toBe(false);
    });
    expect(await asked([here], [here], { limit: 9 })).toEqual([]);
    expect(await asked([beside], [], { limit: 9 })).toContainEqual(named);
    expect(await ids('submitted', 'unknown')).toEqual([named.id]);
    // What was heard last comes first.
    expect(await announcements.heard([here, beside], 9)).toEqual([partly, named]);
    expect(await announcements.heard([here], 1)).toEqual([partly]);
    expect(await announcements.heard([beside], 9)).toEqual([]);
    const askedOf = async (areaIds: string[]) => [
      ...(await announcements.askedOf([named.id, partly.id, 'ann_none'], { areaIds, parted: [] })),
    ];
    expect(await askedOf([here, beside])).toEqual([named.id]);
    expect(await askedOf([here])).toEqual([]);
    // Each counts once, however many areas heard it at several instants.
    await storage().transaction(async (tx) => {
      const heard = [here, beside].map((areaId, n) => ({ areaId, kind: 'heard', at: AT + 20 + n }) as const);
      await tx.announcements.mark([{ announcement: partly, open: heard }]);
    });
    expect(await announcements.heard([here, beside], 2)).toEqual([partly, named]);
    expect(await announcements.heardOf([named.id, submitted.id, 'ann_none'])).toEqual([named]);
    expect((await announcements.unmarked({ limit: 99 })).map(({ id }) => id)).not.toContain(named.id);
  });

  it('know what was said no to by its sound and by its words, newest first, and what aired by a leave', async () => {
    const place = area();
    const no = (over: Partial<KnownRefusal>): KnownRefusal => ({
      ...{ id: uniqueId('ref'), announcementId: 'ann_1', title: 'Thu phí', areaId: place.id, by: 'chairman' },
      ...{ verdict: 'rejected', as: 'deputy', at: AT, reason: 'x', mediaSha256: null, wordsSha256: null },
      ...over,
    });
    const [sound, words] = [sha256(uniqueId('sound')), sha256(uniqueId('words'))];
    const said = [
      no({ mediaSha256: sound, wordsSha256: words, at: AT + 2 }),
      no({ wordsSha256: words, at: AT + 1, verdict: 'withdrawn', reason: null, as: null }),
      no({ mediaSha256: sound }),
      no({ mediaSha256: sha256(uniqueId('other')) }),
    ];
    const refused = announcement(place.id, {
      ...{ state: 'submitted', forAreas: [] },
      decisions: [{ areaId: place.id, verdict: 'rejected', by: 'x', as: null, at: AT, reason: null }],
    });
    const inPlaceOf = { verdict: 'withdrawn', by: 'x', as: null, at: AT, reason: null } as const;
    const overruled = announcement(place.id, {
      ...{ state: 'approved', forAreas: [] },
      decisions: [
        { areaId: place.id, verdict: 'approved', by: 'x', as: null, at: AT, reason: null, inPlaceOf },
      ],
    });
    const others = [
      announcement(place.id, { ...refused, id: uniqueId('ann'), state: 'withdrawn' }),
      announcement(place.id, { decisions: [] }),
    ];
    const clearance = [{ kind: 'standing', id: 'sta_1', sha256: words }] as const;
    const aired = broadcast(place.id, refused.id, { state: 'partial', clearance });
    const later = broadcast(place.id, refused.id, { state: 'issued', clearance, startsAt: AT + 1 });
    const unheard = [
      broadcast(place.id, refused.id, { state: 'cancelled', clearance }),
      broadcast(place.id, refused.id, { state: 'completed' }),
      broadcast(place.id, overruled.id, { state: 'completed', clearance }),
    ];
    await storage().transaction(async (tx) => {
      await tx.areas.insert(place);
      for (const one of said) await tx.refusals.insert(one);
      for (const one of [refused, overruled, ...others]) await tx.announcements.insert(one);
      for (const one of [aired, later, ...unheard])
        await tx.broadcasts.insert(one, { broadcastId: one.id, speakerIds: [] });
    });
    const { refusals, announcements, broadcasts } = storage().read;
    expect(await refusals.of({ media: [sound], words: [words] })).toEqual(said.slice(0, 3));
    expect(await refusals.of({ media: [], words: [words] })).toEqual(said.slice(0, 2));
    expect(await refusals.of({ media: [], words: [] })).toEqual([]);
    const found = (await announcements.refused()).filter(({ areaId }) => areaId === place.id);
    expect(found.map(({ id }) => id).sort()).toEqual([refused.id, overruled.id].sort());
    expect(await broadcasts.airedByLeave([refused.id], AT + 1)).toEqual([aired]);
  });

  it('keep leaves for series, and those that are over', async () => {
    const place = area();
    const [old, young] = [standing(place.id), standing(place.id, { at: AT + 1, editors: null })];
    await storage().transaction(async (tx) => {
      await tx.areas.insert(place);
      for (const one of [old, young]) await tx.standing.save(one);
    });
    const { read } = storage();
    expect(await read.standing.list([place.id], 9)).toEqual([young, old]);
    expect(await read.standing.list([place.id], 1)).toEqual([young]);
    expect(await read.standing.live()).toEqual([old, young]);
    const ended = {
      ...old,
      endedAt: AT + 2,
      endedBy: 'chairman',
      endedAs: 'chairman' as const,
      endedReason: 'hết mùa',
    };
    await storage().transaction((tx) => tx.standing.save(ended));
    expect(await read.standing.live()).toEqual([young]);
    expect(await read.standing.get(old.id)).toEqual(ended);
    expect(await read.standing.get('sta_none')).toBeNull();
  });

  it('says of decisions of before it was noted that nobody knows in which capacity they were made', async () => {
    const place = area();
    const before = { as: undefined, endedAs: undefined, askedAs: undefined, decidedAs: undefined };
    const decision = { areaId: place.id, verdict: 'approved', by: 'bích', at: AT, reason: null };
    // As they were written then: JSON leaves out what is not defined.
    const said = { ...announcement(place.id), decisions: [decision] } as unknown as Announcement;
    const leave = { ...standing(place.id), ...before } as unknown as StandingApproval;
    const asked = { ...emergency(place.id), ...before, reviewedAs: undefined } as unknown as Emergency;
    await storage().transaction(async (tx) => {
      await tx.areas.insert(place);
      await tx.announcements.insert(said);
      await tx.standing.save(leave);
      await tx.emergencies.save(asked);
    });
    const { read } = storage();
    expect((await read.announcements.get(said.id))?.decisions).toEqual([{ ...decision, as: null }]);
    expect(await read.standing.get(leave.id)).toMatchObject({ as: null, endedAs: null });
    const unknown = { askedAs: null, decidedAs: null, reviewedAs: null };
    expect(await read.emergencies.get(asked.id)).toMatchObject(unknown);
  });
});

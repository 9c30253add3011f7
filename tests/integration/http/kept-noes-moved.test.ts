import { expect, it } from 'vitest';
import type { AnnouncementView, AreaView, ScheduleView, StandingView } from '#protocols';
import { until } from '../../helpers/until.ts';
import { daily, startMonday, vietnam } from './schedule-support.ts';
import { COMMUNE, HAMLETS, type Problem, type Who } from './support.ts';

const [FIRST, SECOND] = HAMLETS;
/** Quarters of the first hamlet. */
const QUARTERS = ['to-1', 'to-2'] as const;
const LIMIT = { timeout: 90_000 };

/** Two hamlets, the first one of two quarters, with a loudspeaker in each place, and something that is planned for the whole commune each day. */
async function territory() {
  const { clock, controller, scheduling } = await startMonday();
  for (const id of QUARTERS)
    await controller.post('administrator', 'areas', { id, parentId: FIRST, kind: 'tổ', name: id });
  for (const id of [...HAMLETS, ...QUARTERS]) await controller.speaker(`loa-${id}`, id);
  const id = await scheduling.announcement(60, {}, false);
  await scheduling.create('editor', scheduling.wanted(id, daily('05:40')));
  const say = (who: Who, verb: string, body: object = {}) =>
    controller.post<AnnouncementView & Problem>(who, `announcements/${id}/${verb}`, body);
  const yes = async (who: Who, areas: readonly string[]) => {
    const { body } = await controller.get<AnnouncementView>('editor', `announcements/${id}`);
    return say(who, 'approve', { sha256: body.approvalHash, areas });
  };
  const { planSide } = controller.context;
  const meant = ({ areas, speakers, excludeAreas }: Targets) => {
    const { tree } = controller.context.services.areaDirectory;
    return [...HAMLETS, ...QUARTERS].flatMap((place) => {
      const speaker = `loa-${place}`;
      const areaId = controller.context.services.speakerIndex.get(speaker)?.areaId ?? '';
      const above = tree.ancestry(areaId);
      const asked = speakers.includes(speaker) || above.some((one) => areas.includes(one));
      return asked && !above.some((one) => excludeAreas.includes(one)) ? [place] : [];
    });
  };
  /** The loudspeakers that hear it tomorrow. */
  const heard = async () => {
    await planSide.compiler.compiled();
    const slots = planSide.slots.between(vietnam(1, '00:00'), vietnam(2, '00:00'));
    return slots
      .flatMap(({ line }) => meant((JSON.parse(line) as { readonly targets: Targets }).targets))
      .sort();
  };
  const hears = (what: string, places: readonly string[]) =>
    until(what, async () => {
      await clock.advance(200);
      return JSON.stringify(await heard()) === JSON.stringify([...places].sort());
    });
  const shift = async (area: string, verb: 'merge' | 'move' | 'retire', body: object = {}) => {
    const { status } = await controller.post<AreaView>('administrator', `areas/${area}/${verb}`, body);
    expect([area, verb, status]).toEqual([area, verb, 200]);
  };
  const now = async () =>
    (await controller.get<AnnouncementView>('editor', `announcements/${id}`)).body.decisions.map(
      ({ areaId, verdict, carried }) => [areaId, verdict, carried ?? false],
    );
  return { controller, scheduling, id, say, yes, hears, shift, now };
}

interface Targets {
  readonly areas: readonly string[];
  readonly speakers: readonly string[];
  readonly excludeAreas: readonly string[];
}

it(
  'a "no" for an area that is merged into another one goes on covering what had lain in it',
  LIMIT,
  async () => {
    const { controller, say, yes, hears, shift, now, id } = await territory();
    await say('editor', 'submit');
    await say('ap-1 chairman', 'reject', { reason: 'không phải việc của ấp' });
    await yes('chairman', [COMMUNE]);
    await hears('all but the first hamlet', [SECOND]);
    await shift(FIRST, 'merge', { into: SECOND });
    // Its own loudspeaker lies right in the second hamlet now: that has to be asked.
    await hears('nobody', []);
    expect((await now()).sort()).toEqual(
      [
        [FIRST, 'rejected', false],
        [SECOND, 'rejected', true],
        [COMMUNE, 'approved', false],
        ...QUARTERS.map((area) => [area, 'rejected', true]),
      ].sort(),
    );
    const { body } = await controller.get<{ waiting: { announcement: { id: string } }[] }>(
      'ap-2 chairman',
      'approvals',
    );
    expect(body.waiting.map(({ announcement }) => announcement.id)).toEqual([id]);
    // He answers for all of it now; a yes to the hamlet does not open the quarters, which were refused by name.
    await yes('ap-2 chairman', [SECOND]);
    await hears('the hamlet, and what had lain right in the other', [FIRST, SECOND]);
    await yes('ap-2 chairman', [...QUARTERS]);
    await hears('everybody', [...HAMLETS, ...QUARTERS]);
    const merges = await controller.context.storage.read.audit.list(0, 10_000);
    const [merge] = merges.filter(({ action }) => action === 'area.merge');
    expect(JSON.parse(merge?.detail ?? '{}')).toMatchObject({ noes: 1, leaves: 0 });
  },
);

it(
  'an area that is emptied and dissolved leaves its "no" to what it was made of; a narrower "yes" does not open that',
  LIMIT,
  async () => {
    const { controller, id, say, yes, hears, shift, now } = await territory();
    await say('editor', 'submit');
    await yes('chairman', [COMMUNE]);
    await yes('ap-1 chairman', ['to-1']);
    await say('ap-1 chairman', 'withdraw', { areas: [FIRST], reason: 'x' });
    await hears('all but the first hamlet', [SECOND]);
    for (const id of QUARTERS) await shift(id, 'move', { parentId: SECOND });
    await hears('still', [SECOND]);
    expect(await now()).toContainEqual(['to-1', 'withdrawn', true]);
    expect(await now()).toContainEqual(['to-2', 'withdrawn', true]);
    // Handed in anew, and approved above, it is the same: the no is theirs until somebody names them.
    const body = { title: 'Bản tin đã sửa' };
    await controller.call('editor', 'PATCH', `announcements/${id}`, { body });
    await say('editor', 'submit');
    await yes('chairman', [COMMUNE]);
    await hears('still, after a yes above', [SECOND]);
  },
);

it(
  'a "no" that a "yes" is in place of comes back for what had lain there, once that is changed or goes elsewhere',
  LIMIT,
  async () => {
    const { say, yes, hears, shift, now } = await territory();
    await say('editor', 'submit');
    await say('ap-1 chairman', 'reject', { reason: 'x' });
    await yes('chairman', [COMMUNE]);
    await yes('ap-1 chairman', [FIRST]);
    await hears('everybody', [...HAMLETS, ...QUARTERS]);
    await shift('to-1', 'move', { parentId: SECOND });
    await hears('all but who went elsewhere', [FIRST, SECOND, 'to-2']);
    expect(await now()).toContainEqual(['to-1', 'rejected', true]);
  },
);

it(
  'a leave for a series stays taken back for what had lain there, and ends where its giver answers no more',
  LIMIT,
  async () => {
    const { controller, scheduling, say, hears, shift } = await territory();
    await say('editor', 'submit');
    const { body } = await controller.get<{ schedules: ScheduleView[] }>('viewer', 'schedules');
    const [series] = body.schedules;
    const give = (who: Who, areas: readonly string[]) =>
      controller.post<StandingView>(who, `schedules/${series?.id}/standing-approval`, {
        ...{ maxMinutes: 5, expiresAt: vietnam(30, '00:00'), areas },
      });
    const of = async (id: string) => {
      const path = 'standing-approvals';
      const { body: found } = await controller.get<{ standing: StandingView[] }>('viewer', path);
      return found.standing.find((one) => one.id === id);
    };
    // Given for a quarter by who answers for its hamlet: he does so no more.
    const { body: narrow } = await give('ap-1 chairman', ['to-2']);
    await hears('the quarter', ['to-2']);
    await shift('to-2', 'move', { parentId: SECOND });
    await hears('nobody', []);
    expect(await of(narrow.id)).toMatchObject({
      ...{ state: 'ended', endedBy: 'administrator', endedReason: 'who gave it answers there no more' },
    });
    expect(await scheduling.audited('standing.end')).toHaveLength(1);

    const { body: wide } = await give('chairman', [COMMUNE]);
    const back = { reason: 'x', areas: [FIRST] };
    await controller.post('ap-1 chairman', `standing-approvals/${wide.id}/revoke`, back);
    await hears('all but the first hamlet', [SECOND, 'to-2']);
    await shift(FIRST, 'merge', { into: SECOND });
    await hears('neither what had lain in it nor where its own loudspeaker stands now', []);
    expect(await of(wide.id)).toMatchObject({ state: 'in_force', exceptAreas: [FIRST, 'to-1', SECOND] });
  },
);

it(
  'a loudspeaker that is out of use takes no "no" of its area along into the one that it is merged into',
  LIMIT,
  async () => {
    const { controller, say, yes, hears, shift, now } = await territory();
    const retired = await controller.post('technician', `speakers/loa-${FIRST}/retire`, { reason: 'hỏng' });
    expect(retired.status).toBe(200);
    await say('editor', 'submit');
    await say('ap-1 chairman', 'reject', { reason: 'x' });
    await yes('chairman', [COMMUNE]);
    await hears('all but the first hamlet', [SECOND]);
    await shift(FIRST, 'merge', { into: SECOND });
    expect(await now()).not.toContainEqual([SECOND, 'rejected', true]);
    for (const area of QUARTERS) expect(await now()).toContainEqual([area, 'rejected', true]);
    // Its record goes along all the same.
    expect(controller.context.services.speakerIndex.get(`loa-${FIRST}`)?.areaId).toBe(SECOND);
    // Which lies where it may sound, were it in use.
    await hears('the hamlet as before', [FIRST, SECOND]);
  },
);

import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type AnnouncementView,
  type EmergencyOutcome,
  type FileContent,
  type PlayOrder,
  payloadOf,
  playOrderCodec,
  type ScheduleView,
  type StandingView,
  targetsInclude,
} from '#protocols';
import { medium } from '../../contract/storage/samples.ts';
import { daily } from './schedule-support.ts';
import { COMMUNE, HAMLETS, startController, type TestController, type Who } from './support.ts';

/** Of a machine that has a lot to do besides. */
const LIMIT_MS = 180_000;
const DAY_MS = 86_400_000;
const WHOLE = { areas: [COMMUNE] };

/** A part of a hamlet, which goes from one to the other. */
const QUARTER = 'to-1';
const PLACES = [...HAMLETS, QUARTER] as const;
let quarterIn: (typeof HAMLETS)[number] = HAMLETS[0];

type Place = (typeof PLACES)[number];
const hamlet = fc.constantFrom(...HAMLETS);
const place = fc.constantFrom(COMMUNE, ...HAMLETS);
const doing = <const Name extends string>(name: Name) => fc.constant(name);
const command = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: doing('submit') }) },
  { weight: 2, arbitrary: fc.record({ do: doing('change'), who: fc.constantFrom('editor', 'chairman') }) },
  { weight: 1, arbitrary: fc.record({ do: doing('make urgent') }) },
  { weight: 5, arbitrary: fc.record({ do: doing('approve'), area: place }) },
  { weight: 2, arbitrary: fc.record({ do: doing('reject'), area: place }) },
  { weight: 2, arbitrary: fc.record({ do: doing('withdraw'), area: hamlet }) },
  { weight: 3, arbitrary: fc.record({ do: doing('play') }) },
  { weight: 3, arbitrary: fc.record({ do: doing('schedule'), fallback: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ do: doing('give'), area: place }) },
  { weight: 2, arbitrary: fc.record({ do: doing('revoke'), area: place }) },
  { weight: 1, arbitrary: fc.record({ do: doing('move the series') }) },
  { weight: 3, arbitrary: fc.record({ do: doing('move the quarter') }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: doing('emergency'),
      who: fc.constantFrom('editor', 'chairman'),
      glass: fc.boolean(),
      fresh: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: doing('confirm'), who: fc.constantFrom('editor', 'chairman', 'deputy') }),
  },
);
/** What most histories begin with; the rest may be anything. */
const beginning = fc.record({
  refuse: fc.option(fc.record({ area: place, edit: fc.boolean() }), { nil: null }),
  approve: fc.option(place, { nil: null }),
  schedule: fc.option(fc.boolean(), { nil: null }),
  give: fc.option(place, { nil: null }),
  revoke: fc.option(hamlet, { nil: null }),
  move: fc.boolean(),
});
type Command = typeof command extends fc.Arbitrary<infer Of> ? Of : never;

interface Leave {
  readonly id: string;
  readonly schedule: string;
  readonly area: string;
  readonly expiresAt: number;
  readonly except: Set<string>;
  live: boolean;
}

/** Who answers for an area alone. */
const leaderOf = (area: string): Who => (area === COMMUNE ? 'chairman' : (`${area} chairman` as Who));
/** The areas above a place, and itself. */
const above = (area: Place): string[] => (area === QUARTER ? [COMMUNE, quarterIn, QUARTER] : [COMMUNE, area]);

/** What people said of one announcement, kept by itself: only what the controller took counts. */
class Known {
  readonly #controller: TestController;
  readonly #fallback: string;
  readonly #first: AnnouncementView;
  #view: AnnouncementView;
  #handedIn = false;
  #changes = 0;
  #approvedHash: string | null = null;
  #composers = new Set(['editor']);
  readonly #said = new Map<string, 'yes' | 'no'>();
  /** Where somebody once said no: what is handed in or changed there has no leave until somebody says yes to it as it is. */
  readonly #refused = new Set<string>();
  readonly #schedules = new Map<string, { readonly fallback: boolean }>();
  readonly #leaves: Leave[] = [];
  #waiting: { readonly id: string; readonly sha256: string; readonly askedBy: string } | null = null;

  constructor(controller: TestController, made: AnnouncementView, fallback: string) {
    this.#controller = controller;
    this.#first = made;
    this.#view = made;
    this.#fallback = fallback;
  }

  async run(wanted: Command): Promise<void> {
    const path = `announcements/${this.#view.id}`;
    const { approvalHash: sha256 } = this.#view;
    switch (wanted.do) {
      case 'submit':
        if (await this.#took('editor', `${path}/submit`, {})) {
          this.#sayAnew();
          this.#handedIn = true;
        }
        return;
      case 'change':
        return this.#change(wanted.who as Who, { title: `Bản tin, lần ${++this.#changes}` });
      case 'make urgent':
        return this.#change('editor', { priority: 'emergency' });
      case 'approve': {
        const who = leaderOf(wanted.area);
        if (!(await this.#took(who, `${path}/approve`, { sha256, areas: [wanted.area] }))) return;
        expect([who, this.#handedIn, this.#composers.has(who)]).toEqual([who, true, false]);
        this.#said.set(wanted.area, 'yes');
        this.#approvedHash = sha256;
        return;
      }
      case 'reject':
      case 'withdraw': {
        const body = { reason: 'x', areas: [wanted.area] };
        if (!(await this.#took(leaderOf(wanted.area), `${path}/${wanted.do}`, body))) return;
        this.#said.set(wanted.area, 'no');
        this.#refused.add(wanted.area);
        const { body: now } = await this.#controller.get<AnnouncementView>('editor', path);
        if (now.state === 'rejected' || now.state === 'withdrawn') this.#handedIn = false;
        return;
      }
      case 'play': {
        const request = { announcementId: this.#view.id, targets: WHOLE };
        const { status, body } = await this.#controller.post<{ id: string }>('editor', 'broadcasts', request);
        const where = PLACES.filter((area) => this.#isApproved(area));
        expect(status === 201).toBe(where.length > 0);
        if (status === 201) expect(await this.#heard(body.id)).toEqual(where);
        return;
      }
      case 'schedule':
        return this.#schedule(wanted.fallback);
      case 'give':
        return this.#give(wanted.area);
      case 'revoke':
        return this.#revoke(wanted.area);
      case 'move the series': {
        const [schedule] = this.#schedules.keys();
        const change = { span: { kind: 'all' }, change: { recurrence: daily('06:30') } };
        if (schedule !== undefined && (await this.#took('editor', `schedules/${schedule}/change`, change)))
          for (const leave of this.#leaves) if (leave.schedule === schedule) leave.live = false;
        return;
      }
      case 'move the quarter':
        return this.#moveQuarter();
      case 'emergency':
        return this.#emergency(wanted.who as Who, wanted.glass, wanted.fresh);
      case 'confirm':
        return this.#confirm(wanted.who as Who);
    }
  }

  /** Every line of the plan, hamlet by hamlet. */
  async check(): Promise<void> {
    const { planSide, services } = this.#controller.context;
    await planSide.compiler.compiled();
    const now = services.clock.now();
    for (const [schedule, { fallback }] of this.#schedules) {
      const slots = planSide.slots
        .between(now, now + 30 * DAY_MS)
        .filter(({ scheduleId }) => scheduleId === schedule);
      const days = [...new Set(slots.map(({ startsAt }) => startsAt))];
      const hears = (announcementId: string, at: number, area: Place) =>
        slots.some(
          (slot) =>
            slot.announcementId === announcementId &&
            slot.startsAt === at &&
            means(JSON.parse(slot.line) as PlayOrder, area),
        );
      for (const at of days)
        for (const area of PLACES) {
          const main = this.#isApproved(area) || this.#isUnder(schedule, area, at);
          expect([area, 'main', hears(this.#view.id, at, area)]).toEqual([area, 'main', main]);
          // Approved for the first hamlet alone.
          const instead = fallback && !main && above(area).includes(HAMLETS[0]);
          expect([area, 'fallback', hears(this.#fallback, at, area)]).toEqual([area, 'fallback', instead]);
        }
      if (days.length === 0)
        expect([fallback, PLACES.some((area) => this.#isApproved(area))]).toEqual([false, false]);
    }
    for (const id of this.#schedules.keys())
      await this.#controller.call('editor', 'DELETE', `schedules/${id}`);
  }

  #isClosed(area: Place): boolean {
    return above(area).some((one) => this.#said.get(one) === 'no');
  }

  #isApproved(area: Place): boolean {
    const said = above(area).some((one) => this.#said.get(one) === 'yes');
    return said && !this.#isClosed(area) && this.#approvedHash === this.#view.approvalHash;
  }

  #isUnder(schedule: string, area: Place, at: number): boolean {
    if (!this.#handedIn || this.#isClosed(area) || this.#view.priority !== 'normal') return false;
    return this.#leaves.some(
      (leave) =>
        leave.live &&
        leave.schedule === schedule &&
        at < leave.expiresAt &&
        above(area).includes(leave.area) &&
        !above(area).some((one) => leave.except.has(one)) &&
        !this.#composers.has(leaderOf(leave.area)),
    );
  }

  async #took(who: Who, path: string, body: object): Promise<boolean> {
    const { status } = await this.#controller.post(who, path, body);
    expect([path, status < 500]).toEqual([path, true]);
    return status < 300;
  }

  async #change(who: Who, body: object): Promise<void> {
    const path = `announcements/${this.#view.id}`;
    const answer = await this.#controller.call<AnnouncementView>(who, 'PATCH', path, { body });
    if (answer.status !== 200) return;
    this.#view = answer.body;
    this.#composers.add(who);
    this.#sayAnew();
    this.#handedIn = false;
  }

  /** No "yes" is of what it is now, and every "no" still is. */
  #sayAnew(): void {
    this.#said.clear();
    for (const area of this.#refused) this.#said.set(area, 'no');
  }

  async #schedule(fallback: boolean): Promise<void> {
    const content = { kind: 'announcement', announcementId: this.#view.id };
    const wanted = {
      areaId: COMMUNE,
      content,
      targets: WHOLE,
      recurrence: daily('05:30'),
      priority: 'normal',
    };
    const body = fallback ? { ...wanted, fallbackId: this.#fallback } : wanted;
    const answer = await this.#controller.post<ScheduleView>('editor', 'schedules', body);
    if (answer.status === 201) this.#schedules.set(answer.body.id, { fallback });
  }

  async #give(area: string): Promise<void> {
    const [schedule] = this.#schedules.keys();
    if (schedule === undefined) return;
    const expiresAt = Math.floor(this.#controller.context.services.clock.now()) + 3 * DAY_MS;
    const path = `schedules/${schedule}/standing-approval`;
    const body = { maxMinutes: 5, expiresAt, areas: [area] };
    const answer = await this.#controller.post<StandingView>(leaderOf(area), path, body);
    expect(answer.status).toBe(201);
    const { id } = answer.body;
    this.#leaves.push({ id, schedule, area, expiresAt, except: new Set(), live: true });
  }

  async #revoke(area: string): Promise<void> {
    const leave = this.#leaves.find(({ live }) => live);
    if (leave === undefined) return;
    const body = { reason: 'x' };
    if (!(await this.#took(leaderOf(area), `standing-approvals/${leave.id}/revoke`, body))) return;
    // Who answers for all of it ends it; who answers for a part takes that out.
    if (area === leave.area || area === COMMUNE) leave.live = false;
    else leave.except.add(area);
  }

  /** Every "no" of where it lay goes with it, also one that a "yes" is in place of; and so does what was taken back there. */
  async #moveQuarter(): Promise<void> {
    const [from, to] = quarterIn === HAMLETS[0] ? HAMLETS : [HAMLETS[1], HAMLETS[0]];
    expect(await this.#took('administrator', `areas/${QUARTER}/move`, { parentId: to })).toBe(true);
    quarterIn = to;
    if (this.#refused.has(from)) {
      this.#refused.add(QUARTER);
      this.#said.set(QUARTER, 'no');
    }
    for (const { except } of this.#leaves) if (except.has(from)) except.add(QUARTER);
  }

  async #emergency(who: Who, glass: boolean, fresh: boolean): Promise<void> {
    const sha256 = (fresh ? this.#view : this.#first).approvalHash ?? '';
    const how = glass ? { breakGlass: { reason: 'không gọi được ai' } } : {};
    const request = { announcementId: this.#view.id, sha256, targets: WHOLE, ...how };
    const { status, body } = await this.#controller.post<EmergencyOutcome>(who, 'emergencies', request);
    const { state } = (
      await this.#controller.get<AnnouncementView>('editor', `announcements/${this.#view.id}`)
    ).body;
    const sentBack = state === 'rejected' || state === 'withdrawn';
    if (status !== 201) return;
    expect([this.#view.priority, sha256, sentBack]).toEqual(['emergency', this.#view.approvalHash, false]);
    const approved = PLACES.every((area) => this.#isApproved(area));
    expect(body.broadcast !== null).toBe(glass || who === 'chairman' || approved);
    if (body.broadcast !== null) expect(await this.#heard(body.broadcast.id)).toEqual(this.#open());
    else this.#waiting = { id: body.emergency.id, sha256, askedBy: who };
  }

  async #confirm(who: Who): Promise<void> {
    const waiting = this.#waiting;
    if (waiting === null) return;
    const { id, sha256, askedBy } = waiting;
    const answer = await this.#controller.post<EmergencyOutcome>(who, `emergencies/${id}/confirm`, {
      sha256,
    });
    if (answer.status !== 200) return;
    this.#waiting = null;
    expect(who).not.toBe(askedBy);
    expect([sha256, this.#view.priority]).toEqual([this.#view.approvalHash, 'emergency']);
    expect(await this.#heard(answer.body.broadcast?.id ?? '')).toEqual(this.#open());
  }

  /** Where nobody said no. */
  #open(): Place[] {
    return PLACES.filter((area) => !this.#isClosed(area));
  }

  /** The hamlets whose loudspeakers a broadcast's orders mean; and they say what it says. */
  async #heard(broadcastId: string): Promise<Place[]> {
    const stored = await this.#controller.context.storage.read.broadcasts.orders(broadcastId);
    const orders = stored
      .filter(({ kind }) => kind === 'play')
      .map(({ document }) => playOrderCodec.parse(payloadOf(document)));
    for (const { title, content } of orders)
      expect([title, (content as FileContent).sha256]).toEqual([this.#view.title, this.#view.mediaSha256]);
    return PLACES.filter((area) => orders.some((order) => means(order, area)));
  }
}

function means({ targets }: PlayOrder, area: Place): boolean {
  return targetsInclude(targets, `loa-${area}`, above(area));
}

it(
  'nothing is ever ordered or planned for a hamlet in which nobody stands for it at that time',
  async () => {
    const controller = await startController();
    const quarter = { id: QUARTER, parentId: quarterIn, kind: 'tổ', name: QUARTER };
    await controller.post('administrator', 'areas', quarter);
    for (const area of PLACES) await controller.speaker(`loa-${area}`, area);
    const write = async (title: string) => {
      const audio = medium({ durationMs: 60_000, bytes: 1_000_000 });
      await controller.context.storage.transaction((tx) => tx.media.put(audio));
      const wanted = { areaId: COMMUNE, title, mediaSha256: audio.sha256 };
      return (await controller.post<AnnouncementView>('editor', 'announcements', wanted)).body;
    };
    const music = await write('Nhạc hiệu');
    await controller.post('editor', `announcements/${music.id}/submit`, {});
    await controller.post(leaderOf(HAMLETS[0]), `announcements/${music.id}/approve`, {
      sha256: music.approvalHash,
    });
    await fc.assert(
      fc.asyncProperty(
        beginning,
        fc.array(command, { minLength: 3, maxLength: 14 }),
        async (first, commands) => {
          const known = new Known(controller, await write('Bản tin'), music.id);
          if (first.schedule !== null) await known.run({ do: 'schedule', fallback: first.schedule });
          await known.run({ do: 'submit' });
          if (first.refuse !== null) {
            await known.run({ do: 'reject', area: first.refuse.area });
            if (first.refuse.edit) await known.run({ do: 'change', who: 'editor' });
            await known.run({ do: 'submit' });
          }
          if (first.approve !== null) await known.run({ do: 'approve', area: first.approve });
          if (first.give !== null) await known.run({ do: 'give', area: first.give });
          if (first.revoke !== null) await known.run({ do: 'revoke', area: first.revoke });
          if (first.move) await known.run({ do: 'move the quarter' });
          for (const one of commands) await known.run(one);
          await known.check();
        },
      ),
      { numRuns: 25, interruptAfterTimeLimit: LIMIT_MS - 60_000 },
    );
  },
  LIMIT_MS,
);

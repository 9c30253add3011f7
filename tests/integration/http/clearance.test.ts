import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type AnnouncementView,
  type BroadcastView,
  BUILT_IN_SOUNDS,
  type FileContent,
  type PlayOrder,
  payloadOf,
  playOrderCodec,
  type ScheduleView,
} from '#protocols';
import { medium } from '../../contract/storage/samples.ts';
import { daily } from './schedule-support.ts';
import { COMMUNE, type Problem, startController, type TestController } from './support.ts';

/** Of a machine that has a lot to do besides. */
const LIMIT_MS = 180_000;
const DAY_MS = 86_400_000;
const TARGETS = { areas: ['ap-1'] };

const writer = fc.constantFrom('editor' as const, 'chairman' as const, 'deputy' as const);
const minutes = fc.constantFrom(null, 1, 2, 3, 4);
const command = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('submit' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('approve' as const),
      who: writer,
      hash: fc.constantFrom('present' as const, 'present' as const, 'first' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('change' as const),
      who: writer,
      what: fc.constantFrom(...(['title', 'audio', 'long audio', 'keep', 'let go'] as const)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reject' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('withdraw' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('play' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('schedule' as const), programme: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('compose' as const), fillers: fc.nat(2) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('give' as const),
      who: fc.constantFrom('chairman' as const, 'deputy' as const),
      sessionMinutes: minutes,
    }),
  },
);
/** What many histories begin with: a series with a leave, and a session that gets longer or shorter after it; the rest may be anything. */
const beginning = fc.option(
  fc.record({ programme: fc.boolean(), sessionMinutes: minutes, fillers: fc.nat(2) }),
  { nil: null },
);
/** Anything may air without its own approval, so anything may be withdrawn, once. */
const WITHDRAWABLE = ['draft', 'submitted', 'approved', 'rejected'] as const;

type Command = typeof command extends fc.Arbitrary<infer Of> ? Of : never;

/** What this test knows by itself of one announcement: of the hash alone it believes what the controller says. */
class Known {
  readonly #controller: TestController;
  readonly #first: AnnouncementView;
  /** An approved announcement of a minute and a half, for programmes. */
  readonly #filler: string;
  readonly #schedules = new Map<string, { readonly programme: string | null; fillers: number }>();
  /** Who gave leave for the content of a schedule's series, for sessions of so many minutes. */
  readonly #leaves: { readonly schedule: string; readonly by: string; readonly minutes: number }[] = [];
  #view: AnnouncementView;
  #composers = new Set(['editor']);
  #state: AnnouncementView['state'] = 'draft';
  #changes = 0;
  #seconds = 60;
  /** A leader once said no: no leave passes that, whatever it is now. */
  #refused = false;

  constructor(controller: TestController, made: AnnouncementView, filler: string) {
    this.#controller = controller;
    this.#filler = filler;
    this.#first = made;
    this.#view = made;
  }

  async run(wanted: Command): Promise<void> {
    const { id } = this.#view;
    const path = `announcements/${id}`;
    switch (wanted.do) {
      case 'change':
        return this.#change(wanted.who, wanted.what);
      case 'submit':
        return this.#step('editor', `${path}/submit`, {}, 'submitted', ['draft', 'rejected']);
      case 'reject':
        return this.#step('chairman', `${path}/reject`, { reason: 'x' }, 'rejected', ['submitted']);
      case 'withdraw':
        return this.#step('editor', `${path}/withdraw`, {}, 'withdrawn', WITHDRAWABLE);
      case 'approve': {
        const sha256 = (wanted.hash === 'first' ? this.#first : this.#view).approvalHash;
        const may = wanted.who !== 'editor' && !this.#composers.has(wanted.who);
        const from = may && sha256 === this.#view.approvalHash ? (['submitted'] as const) : [];
        return this.#step(wanted.who, `${path}/approve`, { sha256 }, 'approved', from);
      }
      case 'play':
        return this.#play();
      case 'schedule':
        return this.#schedule(wanted.programme);
      case 'compose':
        return this.#compose(wanted.fillers);
      case 'give':
        return this.#give(wanted.who, wanted.sessionMinutes);
    }
  }

  /** What is in force of it: plan lines and kept messages. */
  async check(): Promise<void> {
    const { planSide, services } = this.#controller.context;
    const { id, stored, title, mediaSha256 } = this.#view;
    const approved = this.#state === 'approved';
    const kept = (await services.announcements.storedMessages(COMMUNE)).filter(({ name }) => name === id);
    expect(kept.map((one) => [one.title, one.content.sha256])).toEqual(
      approved && stored ? [[title, mediaSha256]] : [],
    );
    await planSide.compiler.compiled();
    const now = services.clock.now();
    const slots = planSide.slots
      .between(now, now + 30 * DAY_MS)
      .filter(({ announcementId }) => announcementId === id);
    for (const schedule of this.#schedules.keys()) {
      const planned = slots.filter(({ scheduleId }) => scheduleId === schedule);
      expect([schedule, planned.length > 0]).toEqual([schedule, approved || this.#isUnder(schedule)]);
    }
    for (const { line } of slots) this.#expectPresent(JSON.parse(line) as PlayOrder);
    for (const schedule of this.#schedules.keys())
      await this.#controller.call('editor', 'DELETE', `schedules/${schedule}`);
  }

  async #change(who: 'editor' | 'chairman' | 'deputy', what: string): Promise<void> {
    this.#changes += 1;
    const seconds = what === 'long audio' ? 130 : 60;
    const audio = medium({ durationMs: seconds * 1_000, bytes: 1_000_000 });
    await this.#controller.context.storage.transaction((tx) => tx.media.put(audio));
    const body =
      what === 'title'
        ? { title: `Bản tin, lần ${this.#changes}` }
        : what === 'audio' || what === 'long audio'
          ? { mediaSha256: audio.sha256 }
          : what === 'keep'
            ? { priority: 'emergency', stored: true }
            : { priority: 'normal', stored: false };
    const path = `announcements/${this.#view.id}`;
    const answer = await this.#controller.call<AnnouncementView>(who, 'PATCH', path, { body });
    expect(answer.status === 200).toBe(this.#state !== 'withdrawn');
    if (answer.status !== 200) return;
    this.#view = answer.body;
    if (body.mediaSha256 !== undefined) this.#seconds = seconds;
    this.#composers.add(who);
    this.#state = 'draft';
  }

  async #step(
    who: 'editor' | 'chairman' | 'deputy',
    path: string,
    body: object,
    to: AnnouncementView['state'],
    from: readonly AnnouncementView['state'][],
  ): Promise<void> {
    const { status } = await this.#controller.post(who, path, body);
    expect([path, status === 200]).toEqual([path, from.includes(this.#state)]);
    if (status !== 200) return;
    this.#state = to;
    this.#refused ||= to === 'rejected';
  }

  async #play(): Promise<void> {
    const request = { announcementId: this.#view.id, targets: TARGETS };
    const { status, body } = await this.#controller.post<BroadcastView>('editor', 'broadcasts', request);
    expect(status === 201).toBe(this.#state === 'approved');
    if (status !== 201) return;
    const orders = await this.#controller.context.storage.read.broadcasts.orders(body.id);
    expect(orders).toHaveLength(1);
    for (const { document } of orders) this.#expectApproved(playOrderCodec.parse(payloadOf(document)));
  }

  async #schedule(inProgramme: boolean): Promise<void> {
    const programme = inProgramme ? await this.#programme() : null;
    const content =
      programme === null
        ? { kind: 'announcement', announcementId: this.#view.id }
        : { kind: 'programme', programmeId: programme };
    const wanted = { areaId: COMMUNE, content, targets: TARGETS, recurrence: daily('05:30') };
    const answer = await this.#controller.post<ScheduleView & Problem>('editor', 'schedules', wanted);
    if (answer.status === 201)
      this.#schedules.set(answer.body.id, { programme, fillers: inProgramme ? 1 : 0 });
  }

  async #programme(): Promise<string> {
    const wanted = { areaId: COMMUNE, title: 'Chương trình', items: this.#items(1) };
    return (await this.#controller.post<{ id: string }>('editor', 'programmes', wanted)).body.id;
  }

  #items(fillers: number): object[] {
    const ids = [this.#view.id, ...Array<string>(fillers).fill(this.#filler)];
    return ids.map((announcementId) => ({ announcementId, gapMs: 0, repeat: 1 }));
  }

  /** The last programme gets longer or shorter, after whatever was said to its series. */
  async #compose(fillers: number): Promise<void> {
    const last = [...this.#schedules.values()].filter(({ programme }) => programme !== null).at(-1);
    if (last === undefined) return;
    const body = { items: this.#items(fillers) };
    const path = `programmes/${last.programme}`;
    expect((await this.#controller.call('editor', 'PATCH', path, { body })).status).toBe(200);
    last.fillers = fillers;
  }

  #lengthOf(schedule: string): number {
    return this.#seconds + 90 * (this.#schedules.get(schedule)?.fillers ?? 0);
  }

  async #give(who: 'chairman' | 'deputy', sessionMinutes: number | null): Promise<void> {
    const schedule = [...this.#schedules.keys()].at(-1);
    if (schedule === undefined) return;
    const expiresAt = Math.floor(this.#controller.context.services.clock.now()) + 30 * DAY_MS;
    const path = `schedules/${schedule}/standing-approval`;
    const bound = sessionMinutes === null ? {} : { sessionMinutes };
    const { status } = await this.#controller.post(who, path, { maxMinutes: 3, expiresAt, ...bound });
    expect(status).toBe(201);
    const minutes = sessionMinutes ?? Math.max(3, Math.ceil(this.#lengthOf(schedule) / 60));
    this.#leaves.push({ schedule, by: who, minutes });
  }

  /** Whether a leave covers it as it is now: it was handed in and never refused, is no emergency, who gave the leave composed none of it, and the session is not too long. */
  #isUnder(schedule: string): boolean {
    if (this.#state !== 'submitted' || this.#view.priority !== 'normal' || this.#refused) return false;
    return this.#leaves.some(
      (leave) =>
        leave.schedule === schedule &&
        !this.#composers.has(leave.by) &&
        this.#lengthOf(schedule) <= leave.minutes * 60,
    );
  }

  #expectApproved(order: PlayOrder): void {
    expect(this.#state).toBe('approved');
    this.#expectPresent(order);
  }

  /** It says what it says now, and nothing before it that anybody would have to approve. */
  #expectPresent({ title, content, prelude }: PlayOrder): void {
    const { sha256 } = content as FileContent;
    expect([title, sha256]).toEqual([this.#view.title, this.#view.mediaSha256]);
    for (const { name } of prelude) expect(BUILT_IN_SOUNDS).toContain(name);
  }
}

it(
  'nothing but what is approved as it is now is ever ordered or kept on loudspeakers, and planned only that or what a leave covers',
  async () => {
    const controller = await startController();
    await controller.speaker('loa-1', 'ap-1');
    const file = medium({ durationMs: 90_000, bytes: 1_000_000 });
    await controller.context.storage.transaction((tx) => tx.media.put(file));
    const wants = { areaId: COMMUNE, title: 'Nhạc', mediaSha256: file.sha256 };
    const { body: music } = await controller.post<AnnouncementView>('editor', 'announcements', wants);
    const filler = music.id;
    await controller.post('editor', `announcements/${filler}/submit`, {});
    await controller.post('chairman', `announcements/${filler}/approve`, { sha256: music.approvalHash });
    await fc.assert(
      fc.asyncProperty(
        beginning,
        fc.array(command, { minLength: 2, maxLength: 12 }),
        async (first, commands) => {
          const audio = medium({ durationMs: 60_000, bytes: 1_000_000 });
          await controller.context.storage.transaction((tx) => tx.media.put(audio));
          const wanted = { areaId: COMMUNE, title: 'Bản tin', mediaSha256: audio.sha256 };
          const made = await controller.post<AnnouncementView>('editor', 'announcements', wanted);
          const known = new Known(controller, made.body, filler);
          if (first !== null) {
            await known.run({ do: 'schedule', programme: first.programme });
            await known.run({ do: 'give', who: 'chairman', sessionMinutes: first.sessionMinutes });
            await known.run({ do: 'submit' });
            await known.run({ do: 'compose', fillers: first.fillers });
          }
          for (const one of commands) await known.run(one);
          await known.check();
        },
      ),
      { numRuns: 20, interruptAfterTimeLimit: LIMIT_MS - 60_000 },
    );
  },
  LIMIT_MS,
);

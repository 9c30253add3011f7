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
      what: fc.constantFrom('title' as const, 'audio' as const, 'keep' as const, 'let go' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reject' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('withdraw' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('play' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('schedule' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('give' as const),
      who: fc.constantFrom('chairman' as const, 'deputy' as const),
    }),
  },
);
/** Anything may air without its own approval, so anything may be withdrawn, once. */
const WITHDRAWABLE = ['draft', 'submitted', 'approved', 'rejected'] as const;

type Command = typeof command extends fc.Arbitrary<infer Of> ? Of : never;

/** What this test knows by itself of one announcement: of the hash alone it believes what the controller says. */
class Known {
  readonly #controller: TestController;
  readonly #first: AnnouncementView;
  readonly #schedules: string[] = [];
  /** Who gave leave for the content of a schedule's series. */
  readonly #leaves: { readonly schedule: string; readonly by: string }[] = [];
  #view: AnnouncementView;
  #composers = new Set(['editor']);
  #state: AnnouncementView['state'] = 'draft';
  #changes = 0;

  constructor(controller: TestController, made: AnnouncementView) {
    this.#controller = controller;
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
        return this.#schedule();
      case 'give':
        return this.#give(wanted.who);
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
    for (const schedule of this.#schedules) {
      const planned = slots.filter(({ scheduleId }) => scheduleId === schedule);
      expect([schedule, planned.length > 0]).toEqual([schedule, approved || this.#isUnder(schedule)]);
    }
    for (const { line } of slots) this.#expectPresent(JSON.parse(line) as PlayOrder);
    for (const schedule of this.#schedules)
      await this.#controller.call('editor', 'DELETE', `schedules/${schedule}`);
  }

  async #change(who: 'editor' | 'chairman' | 'deputy', what: string): Promise<void> {
    this.#changes += 1;
    const audio = medium({ durationMs: 60_000, bytes: 1_000_000 });
    await this.#controller.context.storage.transaction((tx) => tx.media.put(audio));
    const body =
      what === 'title'
        ? { title: `Bản tin, lần ${this.#changes}` }
        : what === 'audio'
          ? { mediaSha256: audio.sha256 }
          : what === 'keep'
            ? { priority: 'emergency', stored: true }
            : { priority: 'normal', stored: false };
    const path = `announcements/${this.#view.id}`;
    const answer = await this.#controller.call<AnnouncementView>(who, 'PATCH', path, { body });
    expect(answer.status === 200).toBe(this.#state !== 'withdrawn');
    if (answer.status !== 200) return;
    this.#view = answer.body;
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
    if (status === 200) this.#state = to;
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

  async #schedule(): Promise<void> {
    const content = { kind: 'announcement', announcementId: this.#view.id };
    const wanted = { areaId: COMMUNE, content, targets: TARGETS, recurrence: daily('05:30') };
    const answer = await this.#controller.post<ScheduleView & Problem>('editor', 'schedules', wanted);
    if (answer.status === 201) this.#schedules.push(answer.body.id);
  }

  async #give(who: 'chairman' | 'deputy'): Promise<void> {
    const schedule = this.#schedules.at(-1);
    if (schedule === undefined) return;
    const expiresAt = Math.floor(this.#controller.context.services.clock.now()) + 30 * DAY_MS;
    const path = `schedules/${schedule}/standing-approval`;
    const { status } = await this.#controller.post(who, path, { maxMinutes: 5, expiresAt });
    expect(status).toBe(201);
    this.#leaves.push({ schedule, by: who });
  }

  /** Whether a leave covers it as it is now: it was handed in, is no emergency, and who gave the leave composed none of it. */
  #isUnder(schedule: string): boolean {
    if (this.#state !== 'submitted' || this.#view.priority !== 'normal') return false;
    return this.#leaves.some((leave) => leave.schedule === schedule && !this.#composers.has(leave.by));
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
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 4, maxLength: 14 }), async (commands) => {
        const audio = medium({ durationMs: 60_000, bytes: 1_000_000 });
        await controller.context.storage.transaction((tx) => tx.media.put(audio));
        const wanted = { areaId: COMMUNE, title: 'Bản tin', mediaSha256: audio.sha256 };
        const made = await controller.post<AnnouncementView>('editor', 'announcements', wanted);
        const known = new Known(controller, made.body);
        for (const one of commands) await known.run(one);
        await known.check();
      }),
      { numRuns: 20, interruptAfterTimeLimit: LIMIT_MS - 60_000 },
    );
  },
  LIMIT_MS,
);

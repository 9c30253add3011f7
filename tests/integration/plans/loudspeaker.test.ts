import { expect, it, onTestFinished } from 'vitest';
import { type HeldScoped, heldHash, type PlanHead, payloadOf, planHeadCodec, sha256 } from '#protocols';
import { asApproved } from '../../../server/domain/announcements/approval-hash.ts';
import { clear } from '../../../server/domain/announcements/clearance.ts';
import { AreaDirectory } from '../../../server/domain/areas/area-directory.ts';
import { territoryOf } from '../../../server/domain/areas/territory.ts';
import { HeadBook } from '../../../server/domain/plans/head-book.ts';
import { PlanCompiler } from '../../../server/domain/plans/plan-compiler.ts';
import { SlotBook } from '../../../server/domain/plans/slot-book.ts';
import { SlotBroadcasts } from '../../../server/domain/plans/slot-broadcasts.ts';
import type { SlotDraft } from '../../../server/domain/plans/slot-draft.ts';
import type { Schedule } from '../../../server/domain/schedule/schedule.ts';
import { TargetRules } from '../../../server/domain/schedule/target-rules.ts';
import { SpeakerDirectory } from '../../../server/domain/speakers/speaker-directory.ts';
import { announcement, medium } from '../../contract/storage/samples.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { playOrderOf } from '../mqtt/play-order.ts';
import { AREAS, HAMLET, TestController } from '../mqtt/test-controller.ts';
import { TestSpeaker } from '../mqtt/test-speaker.ts';

/** A controller with a plan of one slot for a hamlet, and a loudspeaker there. */
async function commune() {
  const controller = await new TestController({ folder: tempDir('plans') }).start();
  onTestFinished(() => controller.stop());
  const { storage, clock, keys, gateway } = controller;
  const audio = medium();
  const news = asApproved(announcement(HAMLET, { id: 'ann_1', mediaSha256: audio.sha256, stream: null }));
  await storage.transaction(async (tx) => {
    await tx.media.put(audio);
    await tx.announcements.insert(news);
  });
  const enrolled = await controller.addSpeaker('loa-1');
  const areas = new AreaDirectory();
  areas.load(await storage.read.areas.all());
  const speakers = new SpeakerDirectory();
  speakers.load(await storage.read.speakers.credentials());
  const { targets } = playOrderOf('x', 0, 600_000, HAMLET);
  const cleared = clear(news, audio, { targets, territory: territoryOf(areas.tree, speakers) });
  if (!('content' in cleared)) throw new Error(`not cleared: ${cleared.unclear}`);
  const slots = new SlotBook();
  const startsAt = Math.floor(clock.now()) + 3_600_000;
  const plan = { titles: ['Bản tin'], meanwhile: async (): Promise<void> => undefined };
  const schedule = { id: 'sch_1', updatedAt: 0 } as Schedule;
  const drafts = () =>
    plan.titles.map((title, i): SlotDraft => {
      const {
        id: _,
        revision: __,
        issuedAt: ___,
        targets: ____,
        ...order
      } = playOrderOf('x', startsAt, 600_000, HAMLET);
      const broadcastId = `brc_${i}`;
      return {
        ...{ broadcastId, scheduleId: 'sch_1', announcementId: 'ann_1', areaId: HAMLET, seriesId: 'ser_1' },
        ...{ sessionId: 'ses_1', originalAt: startsAt, position: i, targets: cleared.targets },
        order: { ...order, broadcastId, title, startsAt, content: cleared.content, prelude: [] },
      };
    });
  const compiler = new PlanCompiler({
    ...{ storage, areas, speakers, keys, slots, clock },
    publisher: gateway,
    heads: new HeadBook(),
    source: {
      read: async () => {
        const found = drafts();
        await plan.meanwhile();
        return {
          drafts: [
            {
              ...{ schedule, slots: found, withheld: [], sessions: [], failed: null },
              askedAt: schedule.updatedAt,
            },
          ],
          rules: new TargetRules({ tree: areas.tree, areaOfSpeaker: () => undefined }),
        };
      },
    },
    broadcasts: new SlotBroadcasts({
      ...{ areas, speakers, signer: keys, clock, holdsPlans: () => true },
      dispatcher: controller.dispatcher,
      events: { publish: () => undefined },
    }),
    disputed: () => false,
    watermark: () => clock.now(),
    onError: (error) => void controller.errors.push(error),
  });
  controller.held.register(compiler);
  await compiler.start();
  await compiler.caughtUp();
  onTestFinished(() => compiler.stop());
  const speaker = new TestSpeaker({ ...enrolled, url: controller.url });
  onTestFinished(() => speaker.cut());
  return { controller, compiler, plan, slots, speaker, news };
}

function headOf(document: string): PlanHead {
  return planHeadCodec.parse(payloadOf(document));
}

function heldOf(document: string): HeldScoped {
  const { scope, revision } = headOf(document);
  return { kind: 'plan', scope, revision, hash: sha256(document) };
}

it('a loudspeaker gets at its hello what it lacks, and a change while it is connected on the topic of its area', async () => {
  const { controller, compiler, plan, speaker } = await commune();
  await speaker.connect(AREAS);
  await speaker.send('hello', speaker.hello());
  const first = await speaker.next('plan');
  expect(headOf(first)).toMatchObject({ scope: { kind: 'area', id: HAMLET } });
  plan.titles = ['Bản tin', 'Thông báo'];
  compiler.changed();
  const second = await speaker.next('areaPlan');
  expect(headOf(second).revision).toBeGreaterThan(headOf(first).revision);
  plan.titles = [];
  compiler.changed();
  expect(headOf(await speaker.next('areaPlan')).documents).toEqual([]);
  expect(controller.errors).toEqual([]);
});

it('a loudspeaker that was away gets the newest head when it is back, and nothing when it has it', async () => {
  const { controller, compiler, plan, speaker } = await commune();
  await speaker.connect(AREAS);
  await speaker.send('hello', speaker.hello());
  const first = await speaker.next('plan');
  speaker.cut();
  plan.titles = ['Thông báo'];
  compiler.changed();
  await compiler.compiled();
  const back = new TestSpeaker({ ...speaker, sessionEpoch: 2 });
  onTestFinished(() => back.cut());
  await back.connect(AREAS);
  await back.send('hello', back.hello({ held: [heldOf(first)] }));
  const second = await back.next('plan');
  expect(headOf(second).revision).toBeGreaterThan(headOf(first).revision);
  await back.send('hello', back.hello({ held: [heldOf(second)] }));
  await back.welcome();
  await back.welcome();
  expect(back.received.filter(({ name }) => name === 'plan')).toEqual([]);
  expect(controller.presence.statusOf('loa-1')?.heldHash).toBe(controller.healer.expectedHash('loa-1'));
});

it('what is withdrawn while a compilation is under way comes into no plan: it is compiled anew', async () => {
  const { controller, compiler, plan, slots, news } = await commune();
  let reads = 0;
  plan.titles = ['Bản tin', 'Thông báo'];
  plan.meanwhile = async () => {
    reads += 1;
    if (reads > 1) return;
    plan.titles = [];
    const withdrawn = { ...news, state: 'withdrawn' as const };
    await controller.storage.transaction((tx) => tx.announcements.update(withdrawn, 'approved'));
  };
  compiler.changed();
  await compiler.compiled();
  expect(reads).toBe(2);
  expect(slots.get('brc_0')?.withdrawnAt).toBeTypeOf('number');
  expect(slots.get('brc_1')).toBeUndefined();
  expect(controller.errors).toEqual([]);
});

it('a heartbeat that differs brings all of it again, not with each heartbeat', async () => {
  const { controller, speaker } = await commune();
  await speaker.connect(AREAS);
  await speaker.send('hello', speaker.hello());
  const head = await speaker.next('plan');
  await speaker.send('health', speaker.health({ held: sha256('lost') }));
  expect(await speaker.next('plan')).toBe(head);
  await speaker.send('health', speaker.health({ held: sha256('lost again') }));
  await speaker.send('health', speaker.health({ held: heldHash([heldOf(head)]) }));
  await speaker.send('health', speaker.health({ held: sha256('lost once more') }));
  expect(await speaker.next('plan')).toBe(head);
  expect(speaker.received.filter(({ name }) => name === 'plan')).toEqual([]);
  expect(controller.errors).toEqual([]);
});

it('a loudspeaker with a later head than ours is asked for it, and ours is issued above it', async () => {
  const { controller, speaker } = await commune();
  const ours = controller.held.forSpeaker('loa-1', AREAS)[0];
  const later = { ...headOf(ours?.document ?? ''), revision: (ours?.revision ?? 0) + 86_400_000 };
  const { document } = await controller.keys.sign('plan', later);
  await speaker.connect(AREAS);
  await speaker.send('hello', speaker.hello({ held: [heldOf(document)] }));
  expect((await speaker.welcome()).want).toContain('held');
  await speaker.send('hello', speaker.hello({ held: [heldOf(document)], heldDocuments: [document] }));
  expect(headOf(await speaker.next('areaPlan')).revision).toBe(later.revision + 1);
});

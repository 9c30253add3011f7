import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { AnnouncementView } from '#protocols';
import type { Announcement } from '../../../server/domain/announcements/announcement.ts';
import { mayWait } from '../../../server/domain/announcements/announcement-marks.ts';
import { related } from '../../../server/domain/announcements/approval-areas.ts';
import { openIn } from '../../../server/domain/announcements/decisions.ts';
import { territoryOf } from '../../../server/domain/areas/territory.ts';
import { medium } from '../../contract/storage/samples.ts';
import { COMMUNE, ELSEWHERE, startController, type TestController, type Who } from './support.ts';

/** As the history begins: two communes, hamlets, quarters, and some that are entered on the way. */
const AREAS = [COMMUNE, ELSEWHERE, 'ap-1', 'ap-2', 'to-1', 'to-2', 'moi-1', 'moi-2'] as const;
const LEADERS = [
  'province chairman',
  'chairman',
  'other chairman',
  'ap-1 chairman',
  'ap-2 chairman',
] as const;

type Area = (typeof AREAS)[number];

const areaId = fc.constantFrom(...AREAS);
const some = fc.uniqueArray(areaId, { maxLength: 3 });
/** Which of the announcements that are there. */
const nth = fc.nat({ max: 5 });
const leader = fc.constantFrom<Who>(...LEADERS);
const act = fc.oneof(
  { weight: 3, arbitrary: fc.record({ verb: fc.constant('write' as const), areaId, forAreas: some }) },
  { weight: 5, arbitrary: fc.record({ verb: fc.constant('approve' as const), nth, leader, areas: some }) },
  { weight: 2, arbitrary: fc.record({ verb: fc.constant('reject' as const), nth, leader, areas: some }) },
  { weight: 2, arbitrary: fc.record({ verb: fc.constant('withdraw' as const), nth, leader, areas: some }) },
  { weight: 2, arbitrary: fc.record({ verb: fc.constant('again' as const), nth, change: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ verb: fc.constant('enter' as const), id: areaId, parentId: areaId }) },
  { weight: 1, arbitrary: fc.record({ verb: fc.constant('move' as const), id: areaId, to: areaId }) },
  { weight: 1, arbitrary: fc.record({ verb: fc.constant('merge' as const), id: areaId, to: areaId }) },
  { weight: 1, arbitrary: fc.record({ verb: fc.constant('retire' as const), id: areaId }) },
  { weight: 2, arbitrary: fc.record({ verb: fc.constant('place' as const), id: areaId }) },
);
type Act = typeof act extends fc.Arbitrary<infer Value> ? Value : never;

const write = (forAreas: Area[], areaId: Area = COMMUNE) => ({ verb: 'write' as const, areaId, forAreas });
const approve = (...areas: Area[]) => ({ verb: 'approve' as const, nth: 0, leader: LEADERS[0], areas });
/** What chance brings about rarely. */
const EXAMPLES: Act[][] = [
  // An area is entered where a part is decided, and is merged away; a loudspeaker comes to stand right in the commune.
  [
    ...[write([]), approve('ap-1'), { verb: 'enter', id: 'moi-1', parentId: COMMUNE } as const],
    ...[{ verb: 'place', id: COMMUNE } as const, approve('ap-2', 'moi-1')],
    ...[{ verb: 'enter', id: 'moi-2', parentId: 'moi-1' } as const, { verb: 'place', id: 'ap-1' } as const],
    { verb: 'merge', id: 'moi-1', to: 'ap-2' },
  ],
  // What is meant for an area that became part of another follows the areas beside it there.
  [
    ...[write(['ap-1'], 'ap-1'), write([], 'ap-1'), approve('ap-1')],
    { verb: 'merge', id: 'ap-1', to: 'ap-2' },
    ...[{ verb: 'enter', id: 'moi-1', parentId: 'ap-2' } as const, approve('to-1')],
    { verb: 'move', id: 'to-2', to: COMMUNE },
    { verb: 'move', id: 'moi-1', to: ELSEWHERE },
  ],
  // Also where it still names that area alone, for a part of it was decided before.
  [
    ...[write(['ap-1'], 'ap-1'), approve('to-1'), { verb: 'merge', id: 'ap-1', to: 'ap-2' } as const],
    { verb: 'move', id: 'to-2', to: COMMUNE },
  ],
];

/** Does what may be refused: then nothing happened. */
class History {
  readonly #controller: TestController;
  readonly #sha256: string;
  readonly #ids: string[] = [];

  constructor(controller: TestController, sha256: string) {
    this.#controller = controller;
    this.#sha256 = sha256;
  }

  async run(one: Act): Promise<void> {
    const post: TestController['post'] = (...request) => this.#controller.post(...request);
    switch (one.verb) {
      case 'write': {
        const wanted = { areaId: one.areaId, forAreas: one.forAreas, title: 'x', mediaSha256: this.#sha256 };
        const { status, body } = await post<AnnouncementView>('province editor', 'announcements', wanted);
        if (status !== 201) return;
        this.#ids.unshift(body.id);
        await post('province editor', `announcements/${body.id}/submit`, {});
        return;
      }
      case 'approve': {
        const [id, sha256] = await this.#nth(one.nth);
        const areas = one.areas.length === 0 ? {} : { areas: one.areas };
        await post(one.leader, `announcements/${id}/approve`, { sha256, ...areas });
        return;
      }
      case 'reject':
      case 'withdraw': {
        const [id] = await this.#nth(one.nth);
        const areas = one.areas.length === 0 && one.verb === 'reject' ? {} : { areas: one.areas };
        await post(one.leader, `announcements/${id}/${one.verb}`, { reason: 'x', ...areas });
        return;
      }
      case 'again': {
        const [id] = await this.#nth(one.nth);
        const body = { title: one.change ? 'y' : 'x' };
        if (one.change)
          await this.#controller.call('province editor', 'PATCH', `announcements/${id}`, { body });
        await post('province editor', `announcements/${id}/submit`, {});
        return;
      }
      case 'enter':
        await post('province administrator', 'areas', { ...one, verb: undefined, kind: 'ấp', name: one.id });
        return;
      case 'move':
        await post('province administrator', `areas/${one.id}/move`, { parentId: one.to });
        return;
      case 'merge':
        await post('province administrator', `areas/${one.id}/merge`, { into: one.to });
        return;
      case 'retire':
        await post('province administrator', `areas/${one.id}/retire`, {});
        return;
      case 'place': {
        const body = { areaId: one.id };
        await this.#controller.call('province administrator', 'PATCH', 'speakers/loa-1', { body });
      }
    }
  }

  async #nth(n: number): Promise<[id: string, approvalHash: string]> {
    const id = this.#ids[n % Math.max(1, this.#ids.length)] ?? 'ann_none';
    const { body } = await this.#controller.get<AnnouncementView>('province editor', `announcements/${id}`);
    return [id, body.approvalHash ?? ''];
  }
}

/** Ids of what waits for who answers for an area, oldest first: from the marks, page by page, and from looking at all there is. */
async function bothAnswers({ context }: TestController, of: string) {
  const { areaDirectory, speakerIndex } = context.services;
  const { announcements } = context.storage.read;
  const here = territoryOf(areaDirectory.tree, speakerIndex);
  const near = related([of], here);
  const marked: Announcement[] = [];
  const limit = 2;
  for (let after: string | undefined; ; after = marked.at(-1)?.id) {
    const where = { areaIds: near, parted: near.filter((id) => here.hasSpeakers(id)) };
    const page = await announcements.asked(where, { limit, ...(after === undefined ? {} : { after }) });
    marked.push(...page);
    if (page.length < limit) break;
  }
  const all = await announcements.list({ areaIds: [...here.tree.ids()], limit: 9_999 });
  const waits = (one: Announcement) =>
    mayWait(one, here.tree) && openIn(one, here).some((id) => near.includes(id));
  const ids = (found: readonly Announcement[]) => found.map(({ id }) => id);
  return { marked: ids(marked), full: ids(all.filter(waits).reverse()) };
}

it('marks say what waits, exactly, whatever is decided and however the territory changes', {
  timeout: 240_000,
}, async () => {
  let [compared, waited] = [0, 0];
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 30, maxLength: 50 }), async (acts) => {
      const controller = await startController();
      try {
        const audio = medium();
        await controller.context.storage.transaction((tx) => tx.media.put(audio));
        for (const [id, parentId] of [
          ['to-1', 'ap-1'],
          ['to-2', 'ap-2'],
        ])
          await controller.post('administrator', 'areas', { id, parentId, kind: 'tổ', name: id });
        await controller.speaker('loa-1', 'ap-1');
        await controller.speaker('loa-2', 'to-2');
        const history = new History(controller, audio.sha256);
        for (const one of acts) {
          await history.run(one);
          for (const id of controller.context.services.areaDirectory.tree.ids()) {
            const { marked, full } = await bothAnswers(controller, id);
            expect(marked).toEqual(full);
            compared += 1;
            if (full.length > 0) waited += 1;
          }
        }
      } finally {
        await controller.stop();
      }
    }),
    { numRuns: 4 + EXAMPLES.length, endOnFailure: true, examples: EXAMPLES.map((acts) => [acts]) },
  );
  // A history in which nothing ever waits would show nothing.
  expect(waited).toBeGreaterThan(compared / 10);
});

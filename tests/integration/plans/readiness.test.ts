import { expect, it } from 'vitest';
import { HeldDocuments } from '../../../server/domain/plans/held-documents.ts';
import { PlanTold } from '../../../server/domain/plans/plan-state.ts';
import { SlotReadinessService } from '../../../server/domain/plans/slot-readiness.ts';
import type { SpeakerStatus } from '../../../server/domain/speakers/speaker.ts';
import { health, status } from '../../contract/storage/samples.ts';
import { COMMUNE, DAY, daily, HAMLETS, local, PlanWorld } from './plan-world.ts';

it('says when there are more slots than fit into one answer, and why nothing would sound', async () => {
  const world = new PlanWorld();
  const planner = await world.run();
  await planner.schedule({ recurrence: daily('06:00', '11:00', '17:00', '19:00') });
  const { areas, speakers, heads, slots, storage } = planner;
  const documents = new HeldDocuments();
  documents.register(planner.compiler);
  const ancestries = {
    areasOf: (id: string) => areas.tree.ancestry(speakers.get(id)?.areaId ?? COMMUNE),
  };
  const statuses = new Map<string, SpeakerStatus>();
  const statusOf = (id: string) => statuses.get(id);
  const told = new PlanTold({ documents, heads, areas: ancestries, speakers, statusOf });
  const readiness = new SlotReadinessService({
    ...{ read: storage.read, areas, speakers, ancestries, slots, documents, told, statusOf },
    clock: world.clock,
    failureOf: (id) => planner.issuer.failureOf(id),
  });
  const here = new Set(HAMLETS);
  const all = await readiness.report(here, local('00:00'), local('00:00', 14));
  expect(all.truncated).toBe(true);
  expect(all.slots).toHaveLength(50);
  const day = await readiness.report(here, local('00:00'), local('00:00') + DAY);
  expect(day.truncated).toBe(false);
  expect(day.slots).toHaveLength(4);
  // Its slots are still in the plan: it is compiled anew a moment later.
  await planner.storage.transaction((tx) =>
    tx.areas.update(
      {
        ...areas.tree.get('ap-1'),
        policy: JSON.stringify({
          windows: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '10:00', closes: '20:00' }],
          ...{ sessionMinutes: null, legalBasis: '' },
        }),
      },
      world.clock.now(),
    ),
  );
  areas.load(await storage.read.areas.all());
  // What is missing of loa-2 waits for another day's data.
  const spent = { problems: ['cache.budget_spent'] };
  statuses.set('loa-2', status('loa-2', { link: 'online', health: health(spent) }));
  const [first, second] = (await readiness.report(here, local('00:00'), local('00:00') + DAY)).slots;
  const reasonsOf = (slot: typeof first, id: string) =>
    slot?.unready.find(({ speakerId }) => speakerId === id)?.reasons;
  expect(reasonsOf(first, 'loa-1')).toContain('outside_window');
  expect(reasonsOf(first, 'loa-1')).not.toContain('data_budget');
  expect(reasonsOf(first, 'loa-2')).toContain('data_budget');
  expect(reasonsOf(first, 'loa-2')).not.toContain('outside_window');
  expect(reasonsOf(second, 'loa-1')).not.toContain('outside_window');
});

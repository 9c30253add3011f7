import { expect, it } from 'vitest';
import { asApproved } from '../../../server/domain/announcements/approval-hash.ts';
import { announcement, medium } from '../../contract/storage/samples.ts';
import { COMMUNE, ELSEWHERE, startController, type Who } from './support.ts';

it('lists what waits and what is approved here, however much a neighbour hands in', {
  timeout: 90_000,
}, async () => {
  const { context, get } = await started();
  const audio = medium();
  const file = { mediaSha256: audio.sha256, stream: null, stored: false, decisions: [], forAreas: [] };
  const made = (areaId: string, over: object = {}) => ({
    ...announcement(areaId, { ...file, ...over }),
    state: 'submitted' as const,
  });
  const ours = made(COMMUNE, { createdAt: 1 });
  const approved = asApproved(made(COMMUNE, { createdAt: 2 }));
  // Of the neighbour, and meant for a hamlet here as well.
  const named = made(ELSEWHERE, { createdAt: 3, forAreas: [ELSEWHERE, 'ap-1'] });
  await context.storage.transaction(async (tx) => {
    await tx.media.put(audio);
    for (const one of [ours, approved, named]) await tx.announcements.insert(one);
  });
  for (let i = 0; i < 11; i++)
    await context.storage.transaction(async (tx) => {
      for (let n = 0; n < 100; n++)
        await tx.announcements.insert(
          n % 2 === 0
            ? made(ELSEWHERE, { createdAt: 10 + i })
            : asApproved(made(ELSEWHERE, { createdAt: 10 + i, forAreas: [ELSEWHERE] })),
        );
    });
  const listed = async (who: Who, path: 'approvals' | 'approvals/given') => {
    const body = await get(who, path);
    return (body.waiting ?? body.given ?? []).map((one) => one.announcement.id);
  };
  expect(await listed('chairman', 'approvals')).toEqual([ours.id, named.id]);
  expect(await listed('ap-2 chairman', 'approvals')).toEqual([ours.id]);
  expect(await listed('chairman', 'approvals/given')).toEqual([approved.id]);
  expect(await listed('other chairman', 'approvals')).toHaveLength(551);
});

async function started() {
  const controller = await startController();
  await controller.speaker('loa-1', 'ap-1');
  interface Lists {
    readonly waiting?: readonly { readonly announcement: { readonly id: string } }[];
    readonly given?: Lists['waiting'];
  }
  const get = async (who: Who, path: string) => (await controller.get<Lists>(who, path)).body;
  return { context: controller.context, get };
}

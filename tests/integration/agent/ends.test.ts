import { expect, it } from 'vitest';
import { signDocument } from '#protocols';
import { FAKE_START } from '../../helpers/fake-clock.ts';
import { Lonely, lonelyAudio, lonelySlot } from './lonely.ts';

const SECOND = 1_000;

it('what a quiet hour held back sounds when that ends, though nothing else happens then', async () => {
  const slot = { ...lonelySlot(1), latestStartAt: FAKE_START + 85 * SECOND };
  const mute = { by: 'chu-tich', reason: 'tang lễ', until: FAKE_START + 70 * SECOND };
  const lonely = await Lonely.open([slot], lonelyAudio, { assignment: { mute } });
  lonely.trust(FAKE_START);
  await lonely.pass(90 * SECOND, 250);
  expect(lonely.kinds(slot)).toEqual(['ready', 'started', 'finished']);
});

it('an exercise that is missed, or taken back before it came, is marked in its record', async () => {
  const missed = { ...lonelySlot(-6), drill: true };
  const lonely = await Lonely.open([missed], lonelyAudio);
  lonely.trust(FAKE_START);
  await lonely.pass(SECOND);
  const cancel = {
    ...{ v: 1, kind: 'cancel', id: 'ord_c', broadcastId: 'brc_c', revision: 9, requires: [], drill: true },
    ...{
      targets: missed.targets,
      issuedAt: 1,
      expiresAt: FAKE_START + 600 * SECOND,
      reason: '',
      by: 'can-bo',
    },
  };
  await lonely.agent.inbox.receive(
    'own',
    Buffer.from(await signDocument('order', cancel, lonely.controller.key)),
  );
  await lonely.pass(SECOND);
  const told = lonely.told.filter(({ broadcastId }) => broadcastId !== undefined);
  expect(told.map(({ kind, drill }) => [kind, drill])).toEqual([
    ['missed', true],
    ['cancelled', true],
  ]);
});

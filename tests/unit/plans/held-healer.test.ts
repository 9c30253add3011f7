import { expect, it } from 'vitest';
import { type HeldScoped, type Hello, sha256 } from '#protocols';
import { HeldDocuments } from '../../../server/domain/plans/held-documents.ts';
import { HeldHealer } from '../../../server/domain/plans/held-healer.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';

const AREAS = Array.from({ length: 19 }, (_, i) => `khu-${i}`);

/** A controller that was put back to before everything that the loudspeaker holds. */
function restored() {
  const documents = new HeldDocuments();
  const overtaken: string[] = [];
  documents.register({
    kind: 'plan',
    current: () => undefined,
    overtake: async (document) => void overtaken.push(document),
  });
  const healer = new HeldHealer({
    ...{ documents, clock: new FakeClock(), areas: { areasOf: () => AREAS } },
    publisher: { connected: true, publish: async () => undefined },
    onError: (error) => {
      throw error;
    },
  });
  return { healer, overtaken };
}

const typ = Buffer.from(JSON.stringify({ typ: 'loa-plan' })).toString('base64url');
const texts = AREAS.map((id) => `${typ}.${Buffer.from(id).toString('base64url')}.x`);
const held = AREAS.map(
  (id, i): HeldScoped => ({
    ...{ kind: 'plan', scope: { kind: 'area', id }, revision: 9, hash: sha256(texts[i] ?? '') },
  }),
);
const hello = (sessionEpoch: number, heldDocuments?: string[]) =>
  ({ sessionEpoch, held, ...(heldDocuments === undefined ? {} : { heldDocuments }) }) as unknown as Hello;

it('asks page by page until all that is newer has come', async () => {
  const { healer, overtaken } = restored();
  expect(await healer.greet('loa-1', hello(1))).toBe('held');
  expect(await healer.greet('loa-1', hello(1, texts.slice(0, 8)))).toBe('held.2');
  expect(await healer.greet('loa-1', hello(1, texts.slice(8, 16)))).toBe('held.3');
  expect(await healer.greet('loa-1', hello(1, texts.slice(16)))).toBeNull();
  expect(overtaken).toEqual(texts);
  // Another connection begins anew.
  expect(await healer.greet('loa-1', hello(2))).toBe('held');
});

it('asks no more of a loudspeaker that sends nothing', async () => {
  const { healer } = restored();
  expect(await healer.greet('loa-1', hello(1))).toBe('held');
  expect(await healer.greet('loa-1', hello(1))).toBeNull();
});

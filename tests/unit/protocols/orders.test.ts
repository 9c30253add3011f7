import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  generateSigningKey,
  isDomainError,
  type KeyLookup,
  type KeyUse,
  MAX_DOCUMENT_BYTES,
  type PlayOrder,
  playOrderCodec,
  sha256,
  signDocument,
  targetsInclude,
  verifyDocument,
  verifyingKey,
} from '#protocols';

const KEY = generateSigningKey();
const PUBLIC = verifyingKey(KEY.publicKey);
const keys = (use: KeyUse): KeyLookup => ({
  find: (kid, wanted) => (kid === KEY.kid && wanted === use ? PUBLIC : undefined),
});

const id = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,20}$/);
const instant = fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 });
const order: fc.Arbitrary<PlayOrder> = fc.record({
  v: fc.constant(1 as const),
  kind: fc.constant('play' as const),
  id,
  broadcastId: id,
  revision: instant,
  targets: fc.record({
    areas: fc.array(id, { maxLength: 5 }),
    speakers: fc.array(id, { maxLength: 5 }),
    excludeAreas: fc.array(id, { maxLength: 5 }),
    excludeSpeakers: fc.array(id, { maxLength: 5 }),
  }),
  requires: fc.constant(['order:play']),
  issuedAt: instant,
  expiresAt: instant,
  priority: fc.constantFrom('normal', 'priority', 'emergency'),
  title: fc.string({ maxLength: 50, unit: 'grapheme' }).filter((text) => [...text].length <= 200),
  startsAt: instant,
  latestStartAt: instant,
  hardEndAt: instant,
  content: fc.oneof(
    fc.record({
      kind: fc.constant('file' as const),
      sha256: fc.string().map(sha256),
      bytes: fc.integer({ min: 1, max: 1_000_000 }),
      durationMs: fc.integer({ min: 0, max: 1_000_000 }),
      chunkListSha256: fc.constant(null),
      path: fc.constant('/media/x'),
      mediaType: fc.constant('audio/ogg'),
    }),
    fc.record({ kind: fc.constant('relay') }),
  ),
  prelude: fc.array(fc.record({ name: id }), { maxLength: 4 }),
  scheduleId: fc.option(id),
  session: fc.option(fc.record({ id, position: fc.integer({ min: 0, max: 999 }) })),
  overlap: fc.constantFrom('queue', 'duck'),
  test: fc.boolean(),
  repeat: fc.record({
    count: fc.integer({ min: 1, max: 100 }),
    intervalMs: fc.integer({ min: 0, max: 1_000 }),
  }),
  volume: fc.record({ gainDb: fc.integer({ min: -60, max: 20 }), ignoreCap: fc.boolean() }),
  window: fc.constant(null),
  windowOverride: fc.constant(null),
  makesGoodOf: fc.constant(null),
  afterInterruption: fc.constantFrom('resume', 'drop'),
  drill: fc.boolean(),
  releases: fc.array(id, { maxLength: 3 }),
});

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (isDomainError(error)) return error.code;
    throw error;
  }
  return 'taken';
}

describe('signed orders', () => {
  it('come back as they were signed', async () => {
    await fc.assert(
      fc.asyncProperty(order, async (value) => {
        const document = await signDocument('order', value, KEY);
        const verified = await verifyDocument('order', document, keys('order'));
        expect(playOrderCodec.parse(verified.payload)).toEqual(value);
        expect(verified).toMatchObject({ kid: KEY.kid, hash: sha256(document) });
      }),
      { numRuns: 40 },
    );
  });

  it('are refused with a code when any byte of them is changed', async () => {
    const [value] = fc.sample(order, 1) as [PlayOrder];
    const document = Buffer.from(await signDocument('order', value, KEY));
    await fc.assert(
      fc.asyncProperty(fc.nat(document.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const mutated = Buffer.from(document);
        mutated[at] = (mutated[at] as number) ^ flip;
        const code = await codeOf(verifyDocument('order', mutated, keys('order')));
        // The last character of a base64url signature has bits that mean nothing: whoever takes it has the same signature.
        if (code === 'taken') expect(at).toBe(document.length - 1);
        else expect(code).toMatch(/^document\.(malformed|unsigned|bad_signature)$/);
      }),
      { numRuns: 200 },
    );
  });

  it('are refused when cut, when foreign, when oversized and when meant for another use', async () => {
    const document = await signDocument('order', { v: 1 }, KEY);
    const refusal = (text: string, use: KeyUse = 'order', lookup = keys('order')) =>
      codeOf(verifyDocument(use, text, lookup));
    expect(await refusal(document.slice(0, -10))).toBe('document.bad_signature');
    expect(await refusal('')).toBe('document.malformed');
    expect(await refusal('a.b.c')).toBe('document.malformed');
    expect(await refusal(document, 'assignment', keys('assignment'))).toBe('document.malformed');
    expect(await refusal(await signDocument('order', { v: 1 }, generateSigningKey()))).toBe(
      'document.unsigned',
    );
    expect(await refusal(document, 'order', keys('time'))).toBe('document.unsigned');
    expect(await refusal('x'.repeat(MAX_DOCUMENT_BYTES + 1))).toBe('document.too_large');
  });

  it('never throw anything but a code, whatever comes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
        expect(await codeOf(verifyDocument('order', bytes, keys('order')))).not.toBe('taken');
      }),
    );
    fc.assert(
      fc.property(fc.json(), (text) => {
        try {
          playOrderCodec.parse(text);
        } catch (error) {
          expect(isDomainError(error)).toBe(true);
        }
      }),
    );
  });

  it('name a newer version before anything else that is new about it', () => {
    expect(() => playOrderCodec.check({ v: 2, everything: 'else' })).toThrow(
      expect.objectContaining({ code: 'document.unknown_version' }),
    );
  });

  it('mean who is included and not excluded', () => {
    const ids = fc.uniqueArray(id, { maxLength: 4 });
    fc.assert(
      fc.property(
        ids,
        ids,
        ids,
        ids,
        ids,
        id,
        (areas, speakers, excludeAreas, excludeSpeakers, ancestry, speaker) => {
          const targets = { areas, speakers, excludeAreas, excludeSpeakers };
          const included = speakers.includes(speaker) || ancestry.some((area) => areas.includes(area));
          const excluded =
            excludeSpeakers.includes(speaker) || ancestry.some((area) => excludeAreas.includes(area));
          expect(targetsInclude(targets, speaker, ancestry)).toBe(included && !excluded);
        },
      ),
    );
  });
});

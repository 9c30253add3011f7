import { beforeAll, describe, expect, it } from 'vitest';
import { type Evidence, evidenceCodec, verifyEvidence } from '#evidence';
import { generateSigningKey, sha256, signDocument } from '#protocols';
import { nobleCrypto } from '../../../server/verify/noble-crypto.ts';
import { nodeCrypto } from '../../../server/verify/node-crypto.ts';
import { honestFile, type Made } from './evidence-file.ts';

let made: Made;
beforeAll(async () => {
  made = await honestFile();
});

/** The file with one alteration. */
function altered(change: (file: Evidence) => void): Evidence {
  const file = structuredClone(made.evidence);
  change(file);
  return file;
}

function journalOf(file: Evidence) {
  const journal = file.speakers[0]?.journals[0];
  if (journal === undefined) throw new Error('the file has a journal');
  return journal;
}

/** Exchanges the first letter of a text's last part by another: a signature or a hash that is none. */
function spoiled(text: string): string {
  const at = text.lastIndexOf('.') + 3;
  return `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
}

describe.each([
  ['of Node', nodeCrypto],
  ['of the page', nobleCrypto],
])('an evidence file, by the cryptography %s', (_, crypto) => {
  it('holds when nobody touched it, and tells what was played by whose word', () => {
    const verdict = verifyEvidence(crypto, evidenceCodec.check(made.evidence));
    expect(verdict).toMatchObject({
      holds: true,
      firstBroken: null,
      broken: [],
      statements: 2,
      ordersProved: 2,
    });
    expect(verdict.roots).toEqual([made.keys.root.kid]);
    expect(verdict.speakers[0]?.journals).toMatchObject([
      { epoch: 'jnl_1', first: 1, last: 7, fromGenesis: true, signatures: 2, forks: [], broken: null },
    ]);
    expect(
      verdict.deliveries.map(({ broadcastId, order, delivery }) => [
        broadcastId,
        order?.title,
        order?.by,
        delivery.state,
      ]),
    ).toEqual([
      ['brc_1', 'Bản tin 1', 'signature', 'finished'],
      ['brc_2', 'Bản tin 2', 'signature', 'finished'],
      ['brc_3', 'Lịch', 'hash', 'finished'],
    ]);
  });

  const cases: readonly (readonly [string, (file: Evidence) => void, RegExp])[] = [
    [
      'a line was altered',
      (file) => {
        const row = journalOf(file).rows[2];
        if (row !== undefined) row.line = row.line.replace('4000', '9000');
      },
      /^loudspeaker loa-1, journal jnl_1, entry 3: its bytes do not have the hash/,
    ],
    [
      'a line was altered and its hash with it',
      (file) => {
        const row = journalOf(file).rows[2];
        if (row === undefined) return;
        row.line = row.line.replace('4000', '9000');
        row.hash = sha256(row.line);
      },
      // The line after it tells: it refers to another.
      /entry 4: it does not refer to the entry before it/,
    ],
    [
      'a line was taken out',
      (file) => {
        journalOf(file).rows.splice(3, 1);
      },
      /entry 4: it is missing: entry 5 comes after entry 3/,
    ],
    [
      'the end was cut off in the middle of a batch',
      (file) => {
        journalOf(file).rows.splice(5);
      },
      /entries 4–5: no signature covers them/,
    ],
    [
      'the last signature was left out',
      (file) => {
        journalOf(file).batches.pop();
      },
      /entries 4–7: no signature covers them/,
    ],
    [
      'a signature was altered',
      (file) => {
        const batch = journalOf(file).batches[0];
        if (batch !== undefined) batch.signature = spoiled(batch.signature);
      },
      /entries 1–3: the signature by k\S+ does not fit/,
    ],
    [
      'the key of the loudspeaker was exchanged under its name',
      (file) => {
        for (const speaker of file.speakers)
          for (const kid of Object.keys(speaker.keys)) speaker.keys[kid] = generateSigningKey().publicKey;
      },
      /entries 1–3: the key k\S+ that signs them is not in the file/,
    ],
    [
      'the journal was given to another loudspeaker',
      (file) => {
        for (const speaker of file.speakers) speaker.id = 'loa-2';
      },
      /^loudspeaker loa-2, journal jnl_1, entry 1: it does not refer/,
    ],
    [
      'an order was altered',
      (file) => {
        const [header, , signature] = (file.orders[0] ?? '').split('.');
        const payload = Buffer.from('{"v":1,"kind":"play","broadcastId":"brc_1","title":"Khác"}').toString(
          'base64url',
        );
        file.orders[0] = `${header}.${payload}.${signature}`;
      },
      /^order 1 of brc_1: its signature by k\S+ does not fit/,
    ],
    [
      'a key statement was altered',
      (file) => {
        file.statements[1] = spoiled(file.statements[1] ?? '');
      },
      /^key statement 2: its signature by k\S+ does not fit/,
    ],
    [
      'a key statement was left out',
      (file) => {
        file.statements.shift();
      },
      /^key statement 1: it does not follow from the one before/,
    ],
    [
      'the root key was exchanged',
      (file) => {
        file.rootKeys[0] = generateSigningKey().publicKey;
      },
      /^key statement 1: it is signed by k\S+, which was no root key then/,
    ],
  ];
  it.each(cases)('names the first broken link when %s', (_what, change, expected) => {
    const verdict = verifyEvidence(crypto, altered(change));
    expect(verdict.holds).toBe(false);
    expect(verdict.firstBroken).toMatch(expected);
  });

  it('believes no order that is signed by a key for something else, or by none that was ever named', async () => {
    const stranger = generateSigningKey();
    const order = await signDocument('order', { kind: 'play', broadcastId: 'brc_1', title: 'Giả' }, stranger);
    const forged = verifyEvidence(
      crypto,
      altered((file) => file.orders.push(order)),
    );
    expect(forged.firstBroken).toBe(`order 3 of brc_1: no key statement lets ${stranger.kid} sign orders`);
    const latch = await signDocument('latch', { kind: 'play', broadcastId: 'brc_1' }, made.keys.first);
    const other = verifyEvidence(
      crypto,
      altered((file) => file.orders.push(latch)),
    );
    expect(other.firstBroken).toBe('order 3: it is no signed order');
  });

  it('is worth nothing against roots that the reader trusts, when it brings its own', async () => {
    const forger = await honestFile();
    const verdict = verifyEvidence(crypto, forger.evidence, [made.keys.root.publicKey]);
    expect(verdict.firstBroken).toMatch(/^root key k\S+: it is not among the root keys that you gave/);
    expect(verdict.ordersProved).toBe(0);
  });

  it('tells of a fork, and goes on with the line that came first', () => {
    const file = altered((one) => {
      const { rows } = journalOf(one);
      const line = (rows[2]?.line ?? '').replace('4000', '1000');
      rows.splice(3, 0, { seq: 3, hash: sha256(line), line, flags: ['fork'] });
    });
    const verdict = verifyEvidence(crypto, file);
    expect(verdict).toMatchObject({ holds: true, speakers: [{ journals: [{ forks: [3] }] }] });
  });

  it('says of a stretch that it is one, and proves what is in it', () => {
    const file = altered((one) => {
      const journal = journalOf(one);
      journal.rows.splice(0, 3);
      journal.batches.shift();
    });
    const verdict = verifyEvidence(crypto, file);
    expect(verdict).toMatchObject({
      holds: true,
      speakers: [{ journals: [{ first: 4, fromGenesis: false }] }],
    });
  });
});

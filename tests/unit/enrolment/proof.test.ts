import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  type EnrolmentExchange,
  enrolmentKey,
  generateExchangeKey,
  isProof,
  type ProofPart,
  prove,
  seal,
  transcript,
  unseal,
} from '#protocols';

const bytes = (value: number) => Buffer.alloc(32, value).toString('base64url');
const KEY = enrolmentKey('041061050R3GG28A1C63', 'loa-ap-1');
const EXCHANGE: EnrolmentExchange = {
  ...{ speakerId: 'loa-ap-1', speakerPublicKey: bytes(1), rootKeys: [bytes(2)], ca: null },
  ...{ speakerNonce: bytes(3), controllerNonce: 'cn' },
};

/** Reckoned apart from this program, from the description alone. */
const VECTORS: readonly [string | null, ProofPart, string[], string][] = [
  [null, 'controller', [], 'JfMaf7FaP_R6u-ztf09ZN4l2fzLzWg3CercummO5HoM'],
  [null, 'speaker', ['X'], 'Y6qNg4IUshr1EGZ6bwaz-ujrMybuBVP3KT9i8FPl77Q'],
  [null, 'secret', ['X', 'Y', 'Z'], 'GZkuxY9ljWWF4kNNiSejevEiQzebPGQclurYZR3JAlA'],
  ['PEM', 'controller', [], 'M7wjM6UshY2wClmp3oe78LGcemCt26ASYO3zx-lJmVQ'],
  ['PEM', 'speaker', ['X'], 'QrqqCO4nRIxJa2vDSj6WmJeTZsG8vKxVb8uTJeUOQYU'],
  ['PEM', 'secret', ['X', 'Y', 'Z'], 'yWIRbI_hYqU90rBr6aGAg_Fl4cymLKYTUIpWhwA3ras'],
];

describe('a proof of a code', () => {
  it('is the one of the vectors', () => {
    expect(KEY.toString('hex')).toBe('2d7426fe12a4ff44acc7eafa27ffae1d169681530c4e105e57aad24b90c820d6');
    for (const [ca, part, more, proof] of VECTORS)
      expect(prove(KEY, transcript(part, { ...EXCHANGE, ca }, ...more))).toBe(proof);
  });

  it('is good for its own part, its own loudspeaker, its own exchange and nothing else', () => {
    const said = transcript('speaker', EXCHANGE, 'X');
    const proof = prove(KEY, said);
    expect(isProof(KEY, said, proof)).toBe(true);
    const changed: readonly Partial<EnrolmentExchange>[] = [
      { speakerId: 'loa-ap-2' },
      { speakerPublicKey: bytes(9) },
      { rootKeys: [bytes(9)] },
      { rootKeys: [bytes(2), bytes(2)] },
      { ca: '' },
      { speakerNonce: bytes(9) },
      { controllerNonce: 'cn2' },
    ];
    for (const change of changed)
      expect(isProof(KEY, transcript('speaker', { ...EXCHANGE, ...change }, 'X'), proof)).toBe(false);
    expect(isProof(KEY, transcript('controller', EXCHANGE, 'X'), proof)).toBe(false);
    expect(isProof(KEY, transcript('speaker', EXCHANGE, 'X', ''), proof)).toBe(false);
    expect(isProof(enrolmentKey('041061050R3GG28A1C63', 'loa-ap-2'), said, proof)).toBe(false);
    expect(isProof(enrolmentKey('041061050R3GG28A1C64', 'loa-ap-1'), said, proof)).toBe(false);
  });

  it('of any length is compared whole, and refused', () => {
    const said = transcript('speaker', EXCHANGE);
    const right = createHmac('sha256', KEY).update(said).digest();
    for (const wrong of ['', 'A', right.subarray(0, 31).toString('base64url'), '!'.repeat(43)])
      expect(isProof(KEY, said, wrong)).toBe(false);
    for (let at = 0; at < right.length; at++) {
      const flipped = Buffer.from(right);
      flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at);
      expect(isProof(KEY, said, flipped.toString('base64url'))).toBe(false);
    }
  });
});

describe('a sealed secret', () => {
  const [speaker, controller] = [generateExchangeKey(), generateExchangeKey()];
  const said = Buffer.from('said');
  const sealed = seal('bí mật', { own: controller, peer: speaker.publicKey, key: KEY, said });
  const mine = { own: speaker, peer: controller.publicKey, key: KEY, said };

  it('is read by who has both the exchange key and the code', () => {
    expect(unseal(sealed, mine)).toBe('bí mật');
    expect(seal('bí mật', { ...mine, peer: speaker.publicKey })).not.toBe(sealed);
  });

  it('is not read by who lacks one of them, nor for another exchange, nor when it was changed', () => {
    // Who listened and learned the code afterwards.
    expect(() => unseal(sealed, { ...mine, own: generateExchangeKey() })).toThrow();
    // Who stands in between without the code.
    expect(() => unseal(sealed, { ...mine, key: randomBytes(32) })).toThrow();
    expect(() => unseal(sealed, { ...mine, said: Buffer.from('said otherwise') })).toThrow();
    const bent = Buffer.from(sealed, 'base64url');
    bent.writeUInt8(bent.readUInt8(14) ^ 1, 14);
    expect(() => unseal(bent.toString('base64url'), mine)).toThrow();
    for (const short of ['', 'AAAA', sealed.slice(0, 30)]) expect(() => unseal(short, mine)).toThrow();
    // A point of small order, with which the shared key would be known to all.
    expect(() => seal('x', { ...mine, peer: bytes(0) })).toThrow();
  });
});

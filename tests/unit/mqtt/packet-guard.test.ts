import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { guardReads, PacketGuard } from '../../../server/mqtt/packet-guard.ts';
import { ReadTurns } from '../../../server/mqtt/read-turns.ts';

const LIMITS = { firstBytes: 100, bytes: 1_000 };

/** A packet with a body of so many bytes, its length written in the shortest form. */
function packet(type: number, bytes: number): Buffer {
  const length: number[] = [];
  let rest = bytes;
  do {
    length.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.concat([Buffer.from([type, ...length]), Buffer.alloc(bytes, 0xff)]);
}

function take(stream: Buffer, cuts: readonly number[]): string | undefined {
  const guard = new PacketGuard(LIMITS);
  const places = [...new Set(cuts.map((cut) => cut % (stream.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const to of [...places, stream.length]) {
    const violation = guard.take(stream.subarray(from, to));
    if (violation !== undefined) return violation;
    from = to;
  }
  return undefined;
}

describe('the packet guard', () => {
  const cuts = fc.array(fc.nat(5_000), { maxLength: 20 });
  const later = fc.array(fc.tuple(fc.constantFrom(0x30, 0x32, 0x82, 0xc0), fc.nat(1_000)), { maxLength: 8 });

  it('lets packets within the limits through, however they are cut', () => {
    fc.assert(
      fc.property(fc.nat(100), later, cuts, (connect, packets, at) => {
        const stream = Buffer.concat([
          packet(0x10, connect),
          ...packets.map(([type, bytes]) => packet(type, bytes)),
        ]);
        expect(take(stream, at)).toBeUndefined();
      }),
    );
  });

  it('stops at the header of the first packet that is too large', () => {
    fc.assert(
      fc.property(later, fc.integer({ min: 1_001, max: 3_000_000 }), cuts, (packets, bytes, at) => {
        const header = packet(0x30, bytes).subarray(0, bytes >= 2_097_152 ? 5 : bytes >= 16_384 ? 4 : 3);
        const stream = Buffer.concat([
          packet(0x10, 20),
          ...packets.map(([type, size]) => packet(type, size)),
          header,
        ]);
        expect(take(stream, at)).toBe('packet_too_large');
      }),
      { numRuns: 50 },
    );
  });

  it('wants a CONNECT first, and small', () => {
    expect(take(packet(0x30, 10), [])).toBe('not_mqtt');
    expect(take(Buffer.from('GET / HTTP/1.1'), [])).toBe('not_mqtt');
    expect(take(packet(0x10, 101), [])).toBe('packet_too_large');
    expect(take(Buffer.from([0x10, 0x80, 0x80, 0x80, 0x80]), [])).toBe('not_mqtt');
  });

  it('reads to the reader, and hands on nothing after a violation', () => {
    const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
    const violations: string[] = [];
    guardReads(stream, LIMITS, new ReadTurns(() => 0), (violation) => violations.push(violation));
    stream.push(packet(0x10, 20));
    expect(stream.read()).toEqual(packet(0x10, 20));
    expect(stream.read()).toBeNull();
    stream.push(packet(0x30, 2_000));
    expect(stream.read()).toBeNull();
    stream.push(packet(0x30, 5));
    expect(stream.read()).toBeNull();
    expect(violations).toEqual(['packet_too_large']);
  });
});

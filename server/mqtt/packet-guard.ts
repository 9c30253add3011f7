import type { Duplex } from 'node:stream';
import type { ReadTurns } from './read-turns.ts';

/** Why a guarded connection is dropped. */
export type PacketViolation = 'packet_too_large' | 'not_mqtt';

export interface PacketLimits {
  /** Bytes that the first packet (CONNECT, last will included) may have after its fixed header. */
  readonly firstBytes: number;
  /** Bytes that any later packet may have after its fixed header. */
  readonly bytes: number;
}

const CONNECT = 0x10;
/** A remaining length is at most four bytes of seven bits [MQTT-2.2.3]. */
const LENGTH_BYTES = 4;

/**
 * Follows the packet borders of one MQTT connection without copying or keeping any byte: three numbers of state.
 * Says no as soon as a fixed header announces more than is allowed, that is before any of it is buffered.
 */
export class PacketGuard {
  readonly #limits: PacketLimits;
  #first = true;
  /** Bytes of the present packet's body that are still to come. */
  #body = 0;
  /** Bytes of the present fixed header read so far; 0 between packets. */
  #header = 0;
  #length = 0;

  constructor(limits: PacketLimits) {
    this.#limits = limits;
  }

  /** Takes the next bytes of the stream; what is wrong with them, or undefined. After a violation nothing more may be given. */
  take(chunk: Uint8Array): PacketViolation | undefined {
    let at = 0;
    while (at < chunk.length) {
      if (this.#body > 0) {
        const skipped = Math.min(this.#body, chunk.length - at);
        this.#body -= skipped;
        at += skipped;
        continue;
      }
      const violation = this.#headerByte(chunk[at] as number);
      if (violation !== undefined) return violation;
      at += 1;
    }
    return undefined;
  }

  #headerByte(byte: number): PacketViolation | undefined {
    if (this.#header === 0) {
      if (this.#first && byte !== CONNECT) return 'not_mqtt';
      this.#header = 1;
      this.#length = 0;
      return undefined;
    }
    this.#length += (byte & 0x7f) * 128 ** (this.#header - 1);
    if (this.#length > (this.#first ? this.#limits.firstBytes : this.#limits.bytes))
      return 'packet_too_large';
    if ((byte & 0x80) === 0) {
      this.#body = this.#length;
      this.#header = 0;
      this.#first = false;
      return undefined;
    }
    if (this.#header === LENGTH_BYTES) return 'not_mqtt';
    this.#header += 1;
    return undefined;
  }
}

/**
 * Puts a guard in front of whoever calls `read()` on a stream, as Aedes does. The stream itself holds at most its
 * high-water mark. No second stream is put between: at 15,000 connections that would be the larger part of their memory.
 */
export function guardReads(
  stream: Duplex,
  limits: PacketLimits,
  turns: ReadTurns,
  onViolation: (violation: PacketViolation) => void,
): void {
  const guard = new PacketGuard(limits);
  const read = stream.read;
  let violated = false;
  stream.read = function guardedRead(this: Duplex, size?: number): unknown {
    // Zero bytes are asked for by the stream itself, to fill its buffer.
    if (size !== 0 && !turns.mayRead(stream)) return null;
    const chunk: unknown = read.call(this, size);
    if (violated) return null;
    if (!(chunk instanceof Uint8Array)) return chunk;
    const violation = guard.take(chunk);
    if (violation === undefined) return chunk;
    violated = true;
    onViolation(violation);
    return null;
  };
}

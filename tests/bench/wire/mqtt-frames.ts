import { parseTopic } from '#protocols';

/** One WebSocket frame with an MQTT packet in it. */
export interface MqttFrame {
  /** Whole, with the frame's header. */
  readonly bytes: number;
  /** `publish` is told apart by its entry in the topic table. */
  readonly kind: string;
}

const KINDS = ['', 'connect', 'connack', 'publish', 'puback'];
const OTHER_KINDS: Readonly<Record<number, string>> = { 8: 'subscribe', 9: 'suback', 12: 'ping', 13: 'pong' };

/** Cuts one direction of a WebSocket connection into frames; nothing of a connection that carries other HTTP. */
export class FrameCutter {
  #rest = Buffer.alloc(0);
  #upgraded: boolean | undefined;

  take(chunk: Buffer): MqttFrame[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    if (this.#upgraded === undefined) {
      const end = this.#rest.indexOf('\r\n\r\n');
      if (end < 0) return [];
      this.#upgraded = /^upgrade: websocket/im.test(this.#rest.toString('latin1', 0, end));
      this.#rest = this.#rest.subarray(end + 4);
    }
    if (!this.#upgraded) {
      this.#rest = Buffer.alloc(0);
      return [];
    }
    const frames: MqttFrame[] = [];
    for (let frame = this.#cut(); frame !== undefined; frame = this.#cut()) frames.push(frame);
    return frames;
  }

  #cut(): MqttFrame | undefined {
    const rest = this.#rest;
    if (rest.length < 2) return undefined;
    const [, second = 0] = rest;
    const short = second & 0x7f;
    const lengthEnd = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (rest.length < lengthEnd) return undefined;
    const length =
      short === 126 ? rest.readUInt16BE(2) : short === 127 ? Number(rest.readBigUInt64BE(2)) : short;
    const masked = (second & 0x80) !== 0;
    const start = lengthEnd + (masked ? 4 : 0);
    if (rest.length < start + length) return undefined;
    const packet = Buffer.from(rest.subarray(start, start + length));
    if (masked) for (let i = 0; i < length; i++) packet[i] = at(packet, i) ^ at(rest, lengthEnd + (i % 4));
    this.#rest = rest.subarray(start + length);
    return { bytes: start + length, kind: kindOf(packet) };
  }
}

function kindOf(packet: Buffer): string {
  const type = at(packet, 0) >> 4;
  if (type !== 3) return KINDS[type] ?? OTHER_KINDS[type] ?? `type ${type}`;
  let start = 1;
  while ((at(packet, start) & 0x80) !== 0) start += 1;
  const length = packet.readUInt16BE(start + 1);
  return parseTopic(packet.toString('utf8', start + 3, start + 3 + length))?.name ?? 'publish';
}

function at(bytes: Buffer, index: number): number {
  return bytes[index] ?? 0;
}

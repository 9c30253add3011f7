import { DEFAULT_SAMPLING, samplingGapMs } from '../../../device-agent/clock/index.ts';
import { REPORT_EVERY_MS, WHOLE_EVERY_MS } from '../../../device-agent/health/health-reporter.ts';
import { KEEPALIVE_MS } from '../../../device-agent/link/line-watch.ts';

const MONTH_MS = 30 * 24 * 3_600_000;

/** What an idle loudspeaker sends in its first 30 days on a network that is never quiet: the agent's own periods and rules. */
export function monthOfSending(): Readonly<Record<'whole' | 'short' | 'time' | 'ping', number>> {
  const counts = { whole: 0, short: 0, time: 0, ping: 0 };
  const next = { health: 0, time: 0, ping: KEEPALIVE_MS };
  let wholeAt = Number.NEGATIVE_INFINITY;
  for (let now = 0; now < MONTH_MS; now = Math.min(next.health, next.time, next.ping)) {
    if (now === next.health) {
      const whole = now - wholeAt >= WHOLE_EVERY_MS;
      if (whole) wholeAt = now;
      counts[whole ? 'whole' : 'short'] += 1;
      next.health += REPORT_EVERY_MS;
    }
    if (now === next.time) {
      counts.time += 1;
      const inBurst = counts.time < DEFAULT_SAMPLING.burstSize;
      next.time += samplingGapMs(DEFAULT_SAMPLING, {
        ageMs: now,
        inBurst,
        spreadMs: Number.POSITIVE_INFINITY,
      });
    }
    if (now === next.ping) counts.ping += 1;
    // Whatever is sent puts the next ping off.
    next.ping = now + KEEPALIVE_MS;
  }
  return counts;
}

/** TLS 1.3: header 5, content type 1, tag 16. One record for each frame. */
const TLS_RECORD_BYTES = 22;
/** IPv4 20, TCP 20, timestamps 12. */
const PACKET_BYTES = 52;
/** Payload of one packet on a link of 1,400 bytes, as 4G has them. */
const SEGMENT_BYTES = 1_400 - PACKET_BYTES;

/**
 * Bytes on the wire of one exchange, both ways: question, answer (which acknowledges the question in the same packet) and the
 * bare acknowledgement of the answer. The frames' sizes come with the WebSocket's header.
 */
export function exchangeBytes(questionBytes: number, answerBytes: number): number {
  return sentBytes(questionBytes) + sentBytes(answerBytes) + PACKET_BYTES;
}

function sentBytes(frameBytes: number): number {
  const record = frameBytes + TLS_RECORD_BYTES;
  return record + PACKET_BYTES * Math.ceil(record / SEGMENT_BYTES);
}

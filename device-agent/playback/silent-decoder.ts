import { FRAMES_PER_MS, SAMPLE_RATE } from '../outputs/output.ts';
import type { Decoder, PcmSource, SourceRequest } from './pcm-source.ts';
import type { Station } from './relay/station.ts';

/** Decodes nothing: silence of the stated length. For the fleet simulator, which says so. */
export class SilentDecoder implements Decoder {
  open(request: SourceRequest): PcmSource {
    let left = Math.max(0, Math.round((request.durationMs - request.offsetMs) * FRAMES_PER_MS));
    return {
      silent: true,
      ready: async () => undefined,
      read: async (block) => {
        const frames = Math.min(left, block.length);
        left -= frames;
        return frames;
      },
      close: async () => undefined,
    };
  }

  /** A station that sends silence for ever. */
  station(): Station {
    return {
      frames: 2 * SAMPLE_RATE,
      onChange: () => undefined,
      open: () => undefined,
      take: (block) => {
        block.fill(0);
        return block.length;
      },
      close: async () => undefined,
    };
  }
}

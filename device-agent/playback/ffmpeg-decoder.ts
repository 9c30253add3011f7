import { Readable } from 'node:stream';
import type { Clock, Milliseconds } from '#kit';
import { SAMPLE_RATE } from '../outputs/output.ts';
import { FfmpegSource } from './ffmpeg-source.ts';
import type { Decoder, PcmSource, SourceRequest } from './pcm-source.ts';
import type { Station } from './relay/station.ts';
import { StationFeed } from './relay/station-feed.ts';
import type { ResolveHost } from './relay/stream-gate.ts';

export interface FfmpegDecoderOptions {
  readonly clock: Clock;
  /** Name or path of ffmpeg. */
  readonly program: string;
  /** Of stations; by default this machine's own look-up. */
  readonly resolve?: ResolveHost;
}

/** A decoder that gives nothing for this long while it is waited for is stuck. */
const STALL_LIMIT_MS = 10_000;

/** Decodes with ffmpeg, a process per source. What it reads ahead is bounded by the pipe and one buffer of ours. */
export class FfmpegDecoder implements Decoder {
  readonly #options: FfmpegDecoderOptions;

  constructor(options: FfmpegDecoderOptions) {
    this.#options = options;
  }

  open(request: SourceRequest): PcmSource {
    if ('file' in request) {
      const args = decoderArguments(request.file, request.offsetMs);
      return new FfmpegSource({ ...this.#options, args, stallLimitMs: STALL_LIMIT_MS });
    }
    // Bytes that are still being fetched may be long in coming: that is no stuck decoder.
    const args = decoderArguments(null, request.offsetMs);
    return new FfmpegSource({ ...this.#options, args, input: Readable.from(request.bytes) });
  }

  station(url: string, allow: readonly string[]): Station {
    return new StationFeed({ ...this.#options, url, allow });
  }
}

/**
 * ffmpeg's arguments, one element each. `file:` keeps a file's name from being taken for a protocol (null: what comes on stdin); only
 * the container and the codecs that the controller delivers are parsed at all.
 */
export function decoderArguments(file: string | null, offsetMs: Milliseconds): string[] {
  const seek = offsetMs > 0 ? ['-ss', (offsetMs / 1000).toFixed(3)] : [];
  return [
    ...['-hide_banner', ...(file === null ? [] : ['-nostdin']), '-loglevel', 'error', '-threads', '1'],
    ...['-protocol_whitelist', 'file,pipe', '-format_whitelist', 'ogg'],
    ...['-codec_whitelist', 'opus,libopus,vorbis,libvorbis,flac'],
    // Of bytes that come one after another the beginning tells enough, and there is no going back in them.
    ...(file === null ? ['-probesize', '4096', '-i', 'pipe:0', ...seek] : [...seek, '-i', `file:${file}`]),
    ...['-map', '0:a:0', '-ac', '1', '-ar', String(SAMPLE_RATE), '-f', 's16le', 'pipe:1'],
  ];
}

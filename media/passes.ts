import { DECODE_GUARD, fileInput } from './formats.ts';
import type { GainPlan } from './gain-plan.ts';

/** Sample rate of what is delivered: the one Opus works in. */
export const DELIVERED_RATE = 48_000;
/** Bits a second of what is delivered. */
export const DELIVERED_BITRATE = 32_000;

/** Arguments of one ffmpeg pass, without what every pass has. */
export interface Pass {
  readonly input: string | null;
  readonly inputOptions: readonly string[];
  readonly filterGraph: string;
  readonly stdoutOptions: readonly string[];
  readonly nullOptions?: readonly string[];
}

/** The mono mix: the mean of all channels, or one of them. `pan` needs no guess about what an odd layout means. */
export function monoMix(channels: number, only: number | null): string {
  if (only !== null) return `pan=mono|c0=c${only}`;
  const share = (1 / channels).toFixed(6);
  const terms = Array.from({ length: channels }, (_, channel) => `${share}*c${channel}`);
  return `pan=mono|c0=${terms.join('+')}`;
}

/** What the passes need to know of a source. */
export interface SourceShape {
  readonly codec: string;
  /** Rate that the source names; a decoder that turns out another one is brought to it. */
  readonly sampleRate: number;
  readonly channels: number;
}

/**
 * The source in its own rate, as one unbroken stream. ffmpeg's AMR decoder skips the frames in which a phone sent no
 * speech: they come back as the silence that they were, or every pause would be shorter.
 */
function steady(source: SourceShape): string {
  const gaps = source.codec === 'amr_nb' || source.codec === 'amr_wb';
  if (gaps) return `aresample=${source.sampleRate}:async=1:min_hard_comp=0.01:first_pts=0`;
  return `aformat=sample_rates=${source.sampleRate}`;
}

export interface MeasureOptions extends SourceShape {
  readonly path: string;
  readonly only: number | null;
  /** Decoding stops here whatever the file promises, in seconds. */
  readonly maxSeconds: number;
}

/** First pass: the decoded source as raw PCM in its own rate and channels, and the loudness of its mono mix. */
export function measurePass(options: MeasureOptions): Pass {
  const mix = options.channels === 1 ? 'anull' : monoMix(options.channels, options.only);
  return {
    input: fileInput(options.path),
    inputOptions: [...DECODE_GUARD, '-vn', '-sn', '-dn', '-t', String(options.maxSeconds)],
    filterGraph: `[0:a:0]${steady(options)},asplit=2[pcm][mix];[mix]${mix},ebur128=framelog=verbose[measured]`,
    stdoutOptions: ['-map', '[pcm]', '-c:a', 'pcm_s16le', '-ac', String(options.channels), '-f', 's16le'],
    nullOptions: ['-map', '[measured]', '-f', 'null'],
  };
}

export interface EncodeOptions extends SourceShape {
  readonly path: string;
  readonly only: number | null;
  /** First and end sample of the part to keep, at the source's rate. */
  readonly startSample: number;
  readonly endSample: number;
  readonly plan: GainPlan;
}

/**
 * Second pass: trim, mix, gain, limit, encode. Nothing that varies (time, version, random serial number) gets into the
 * bytes. `audio` and not `voip`, which filters low notes away: jingles and the anthem go the same way as speech.
 */
export function encodePass(options: EncodeOptions): Pass {
  const { plan } = options;
  const filters = [
    steady(options),
    `atrim=start_sample=${options.startSample}:end_sample=${options.endSample}`,
    'asetpts=N/SR/TB',
    ...(options.channels === 1 ? [] : [monoMix(options.channels, options.only)]),
    `aresample=${DELIVERED_RATE}`,
    `volume=volume=${plan.gainDb.toFixed(2)}dB:precision=float`,
    `alimiter=limit=${(10 ** (plan.limitDb / 20)).toFixed(6)}:attack=5:release=50:level=false`,
  ];
  return {
    input: fileInput(options.path),
    inputOptions: [...DECODE_GUARD, '-vn', '-sn', '-dn'],
    filterGraph: `[0:a:0]${filters.join(',')}[out]`,
    stdoutOptions: [
      ...['-map', '[out]', '-map_metadata', '-1', '-map_chapters', '-1'],
      ...[
        '-c:a',
        'libopus',
        '-b:a',
        String(DELIVERED_BITRATE),
        '-application',
        'audio',
        '-ar',
        String(DELIVERED_RATE),
      ],
      ...['-fflags', '+bitexact', '-flags:a', '+bitexact', '-f', 'ogg'],
    ],
  };
}

/** Beside the second pass: what it wrote, decoded again and measured. */
export function checkPass(): Pass {
  return {
    input: null,
    inputOptions: ['-protocol_whitelist', 'pipe', '-f', 'ogg'],
    filterGraph: '[0:a:0]asplit=2[pcm][level];[level]ebur128=peak=true:framelog=verbose[measured]',
    stdoutOptions: [
      '-map',
      '[pcm]',
      '-c:a',
      'pcm_s16le',
      '-ac',
      '1',
      '-ar',
      String(DELIVERED_RATE),
      '-f',
      's16le',
    ],
    nullOptions: ['-map', '[measured]', '-f', 'null'],
  };
}

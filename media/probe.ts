import Type, { type Static } from 'typebox';
import type { Milliseconds } from '#kit';
import { codec, DomainError, isDomainError } from '#protocols';
import { type FfprobeRun, runFfprobe } from './ffprobe.ts';

/** Most channels that are taken. */
export const MOST_CHANNELS = 8;
/** Sample rates that are taken, in Hz. */
export const SAMPLE_RATES = { lowest: 8_000, highest: 192_000 } as const;

/** Below this score ffprobe itself calls its answer a guess. */
const LOWEST_SCORE = 10;

const NumberText = Type.String({ pattern: '^-?[0-9]+([.][0-9]+)?$' });

const FfprobeSchema = Type.Object({
  format: Type.Object({
    format_name: Type.String(),
    duration: Type.Optional(NumberText),
    probe_score: Type.Integer(),
  }),
  streams: Type.Array(
    Type.Object({
      index: Type.Integer(),
      codec_type: Type.Optional(Type.String()),
      codec_name: Type.Optional(Type.String()),
      sample_rate: Type.Optional(NumberText),
      channels: Type.Optional(Type.Integer()),
      duration_ts: Type.Optional(Type.Integer()),
      time_base: Type.Optional(Type.String()),
    }),
    { maxItems: 10_000 },
  ),
});
const ffprobeCodec = codec('ffprobe answer', FfprobeSchema);

/** What a file says of itself. Believed for choosing what to do, never for how much there is to do. */
export interface SourceFacts {
  /** ffmpeg's name of the container ("wav", "mov,mp4,m4a,3gp,3g2,mj2"). */
  readonly container: string;
  /** ffmpeg's name of the codec ("pcm_s16le", "opus"). */
  readonly codec: string;
  /** Samples a second. */
  readonly sampleRate: number;
  readonly channels: number;
  /** Null where the file does not say, as in what a browser recorded. */
  readonly declaredDurationMs: Milliseconds | null;
}

/**
 * Looks into a file: its content decides, not its name. Throws `media.unrecognised`, `media.truncated`,
 * `media.no_audio`, `media.unsupported_channels` or `media.unsupported_rate`.
 */
export async function probe(run: FfprobeRun): Promise<SourceFacts> {
  const answer = await runFfprobe(run);
  if (!answer.ok) throw refusal(answer.lines);
  return readFacts(answer.json);
}

/** The facts in ffprobe's JSON. Throws as `probe` does. */
export function readFacts(json: string): SourceFacts {
  let found: Static<typeof FfprobeSchema>;
  try {
    found = ffprobeCodec.parse(json);
  } catch (error) {
    if (isDomainError(error)) throw unrecognised('nothing in it is a known container');
    throw error;
  }
  if (found.format.probe_score < LOWEST_SCORE) throw unrecognised('nothing in it is a known container');
  const container = found.format.format_name;
  const stream = found.streams.find((one) => one.codec_type === 'audio');
  if (!stream) throw new DomainError('media.no_audio', { format: container });
  const { codec_name: codecName, channels = 0 } = stream;
  const sampleRate = Number(stream.sample_rate ?? 0);
  if (codecName === undefined || codecName === 'unknown')
    throw unrecognised(`its sound in ${container} has an unknown codec`);
  if (channels < 1 || sampleRate < 1)
    throw new DomainError('media.corrupt', {
      format: container,
      detail: 'its sound track names no channels or no sample rate',
    });
  if (channels > MOST_CHANNELS)
    throw new DomainError('media.unsupported_channels', { channels, limit: MOST_CHANNELS });
  if (sampleRate < SAMPLE_RATES.lowest || sampleRate > SAMPLE_RATES.highest)
    throw new DomainError('media.unsupported_rate', { rate: sampleRate, ...SAMPLE_RATES });
  const seconds = Number(found.format.duration ?? Number.NaN);
  const declaredDurationMs = Number.isFinite(seconds) && seconds > 0 ? Math.round(seconds * 1000) : null;
  return { container, codec: codecName, sampleRate, channels, declaredDurationMs };
}

function refusal(lines: readonly string[]): DomainError {
  const text = lines.join('\n');
  if (/moov atom not found/.test(text))
    return new DomainError('media.truncated', { format: 'mp4', detail: 'its index ("moov") is missing' });
  if (/whitelist/i.test(text)) return unrecognised('a kind of file that is not taken');
  return unrecognised('nothing in it is a known container', new Error(text));
}

function unrecognised(reason: string, cause?: Error): DomainError {
  return new DomainError('media.unrecognised', { reason }, { cause });
}

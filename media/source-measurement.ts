import { DomainError } from '#protocols';
import { DecoderLog } from './decoder-log.ts';
import { FfmpegFailure, runFfmpeg } from './ffmpeg.ts';
import { fullScale } from './formats.ts';
import { LoudnessReader } from './loudness.ts';
import { measurePass } from './passes.ts';
import { PcmAnalyser, type PcmFacts } from './pcm-analyser.ts';
import type { PreparationContext } from './preparation-context.ts';
import type { SourceFacts } from './probe.ts';
import { loudestPassageDb, SILENCE_DBFS, type Span, soundingSpan } from './silence.ts';

/** More than this share of samples at full scale is an overdriven recording. */
export const MOST_CLIPPED = 0.01;

/** What ffmpeg says when a sound track needs a decoder that is not named in `DECODERS`. */
const NOT_TAKEN = /Codec \(.*\) not on whitelist/;

/** What the whole decoded source measures. */
export interface SourceMeasurement {
  readonly pcm: PcmFacts;
  readonly integratedLufs: number;
  readonly span: Span;
  /** The one channel to use when the mean of all would cancel itself out; else null. */
  readonly only: number | null;
}

/**
 * Decodes the whole source once and measures everything that the second pass needs. Throws the refusals: corrupt,
 * truncated, no audio, too long, silent, clipped, format changes.
 */
export async function measureSource(
  context: PreparationContext,
  source: SourceFacts,
): Promise<SourceMeasurement> {
  let only: number | null = null;
  let measured = await decode(context, source, only);
  const cancelled = cancellingChannel(measured.pcm);
  if (cancelled !== undefined) {
    only = cancelled;
    measured = await decode(context, source, only);
  }
  const { pcm, integratedLufs } = measured;
  const loudest = loudestPassageDb(pcm.power);
  const span = loudest < SILENCE_DBFS ? undefined : soundingSpan(pcm.power, integratedLufs);
  if (span === undefined)
    throw new DomainError('media.silent', {
      loudest: Number.isFinite(loudest) ? Math.round(loudest) : '-∞',
      expected: SILENCE_DBFS,
    });
  if (pcm.clippedShare > MOST_CLIPPED)
    throw new DomainError('media.clipped', {
      percent: Math.round(pcm.clippedShare * 1000) / 10,
      limit: MOST_CLIPPED * 100,
    });
  return { pcm, integratedLufs, span, only };
}

async function decode(
  context: PreparationContext,
  source: SourceFacts,
  only: number | null,
): Promise<{ pcm: PcmFacts; integratedLufs: number }> {
  const { sampleRate, channels, container } = source;
  const { maxDurationMs, timeLimitMs } = context.limits;
  const analyser = new PcmAnalyser({ sampleRate, channels, fullScale: fullScale(source.codec), only });
  const loudness = new LoudnessReader();
  const log = new DecoderLog();
  const mostFrames = (maxDurationMs / 1000) * sampleRate;
  const expectedFrames = ((source.declaredDurationMs ?? maxDurationMs) / 1000) * sampleRate;
  const maxSeconds = Math.ceil(maxDurationMs / 1000) + 1;
  try {
    await runFfmpeg({
      ...context.running('measuring'),
      ...measurePass({ ...source, path: context.sourcePath, only, maxSeconds }),
      input: `file:${context.sourcePath}`,
      onStdout(piece) {
        analyser.add(piece);
        if (analyser.frames > mostFrames)
          throw new DomainError('media.too_long', { limitSeconds: Math.round(maxDurationMs / 1000) });
        context.progress('measuring', analyser.frames / expectedFrames);
      },
      onStderrLine(line) {
        loudness.line(line);
        log.line(line);
      },
      limits: { timeMs: timeLimitMs, stdoutBytes: (maxSeconds + 1) * sampleRate * channels * 2 },
    });
  } catch (error) {
    if (error instanceof FfmpegFailure && error.lastLines.some((line) => NOT_TAKEN.test(line)))
      throw new DomainError(
        'media.unrecognised',
        { reason: `its sound is coded as ${source.codec}, which is not taken` },
        { cause: error },
      );
    if (error instanceof FfmpegFailure)
      throw new DomainError(
        'media.corrupt',
        { format: container, detail: String(error.params['reason']) },
        { cause: error },
      );
    throw error;
  }
  const pcm = analyser.finish();
  const complaint = log.complaint(source.codec);
  if (pcm.frames === 0)
    throw new DomainError('media.corrupt', {
      format: container,
      detail: complaint ?? 'it decodes to no sound at all',
    });
  const missingMs = (source.declaredDurationMs ?? 0) - (pcm.frames / sampleRate) * 1000;
  // STREAMINFO counts samples exactly (RFC 9639 §8.2); of the others only estimates are known.
  if (container === 'flac' && missingMs > 1)
    throw new DomainError(log.damagedInside ? 'media.corrupt' : 'media.truncated', {
      format: container,
      detail: `${Math.round(missingMs)} ms of its sound are missing`,
    });
  if (complaint !== undefined)
    throw new DomainError('media.corrupt', { format: container, detail: complaint });
  if (loudness.soundingCount > 1) throw new DomainError('media.format_changes');
  const result = loudness.result;
  if (!result)
    throw new DomainError('media.decoder_failed', {
      program: 'ffmpeg',
      stage: 'measuring',
      reason: 'it printed no loudness',
    });
  return { pcm, integratedLufs: result.integratedLufs };
}

/**
 * The loudest channel, when the channels' mean is over 10 dB weaker than unrelated channels would give: a microphone
 * wired in opposite phase would be silent in mono.
 */
function cancellingChannel(pcm: PcmFacts): number | undefined {
  const channels = pcm.channelPower.length;
  if (channels < 2) return undefined;
  const unrelated = pcm.channelPower.reduce((sum, power) => sum + power, 0) / channels ** 2;
  const mixed = pcm.power.reduce((sum, power) => sum + power, 0) / Math.max(1, pcm.power.length);
  if (unrelated <= 1e-9 || mixed > unrelated / 10) return undefined;
  return pcm.channelPower.indexOf(Math.max(...pcm.channelPower));
}

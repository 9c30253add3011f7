import { randomBytes } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DomainError } from '#protocols';
import { truncationComplaint } from './completeness/index.ts';
import { type Delivery, encodeDelivery } from './delivery-encoding.ts';
import { type Attempt, planGain, TARGET, withinTarget } from './gain-plan.ts';
import { BLOCK_MS } from './pcm-analyser.ts';
import { PreparationContext, type PrepareOptions } from './preparation-context.ts';
import { DEFAULT_LIMITS, DELIVERED_MEDIA_TYPE, type PreparedAudio } from './prepared-audio.ts';
import { probe, type SourceFacts } from './probe.ts';
import { measureSource, type SourceMeasurement } from './source-measurement.ts';

/** A file that does not measure right after this many encodings never will. */
const MOST_ATTEMPTS = 4;

/**
 * Makes a deliverable file of whatever was brought in: Opus in Ogg, mono, 48 kHz, -16 LUFS ± 1, at most -1.5 dBTP (both
 * measured on the decoded result), silence at the ends trimmed. The same source gives the same bytes on one machine.
 *
 * Throws a `DomainError` with a `media.` code for everything that is wrong with the source; `media.cancelled` when
 * aborted. It then has removed what it had written, and no process of its own is left.
 */
export async function prepare(sourcePath: string, options: PrepareOptions): Promise<PreparedAudio> {
  const context = new PreparationContext(
    resolve(sourcePath),
    { ...DEFAULT_LIMITS, ...options.limits },
    options,
  );
  const outputPath = join(options.workFolder, `${randomBytes(12).toString('hex')}.ogg.new`);
  try {
    options.signal?.throwIfAborted();
    const { bytes, source } = await inspect(context);
    context.begin('measuring', 0.02, 0.12);
    const measured = await measureSource(context, source);
    const part = keptPart(context, source, measured);
    const { delivery, attempts } = await deliver(context, source, measured, part, outputPath);
    context.begin('checking', 1, 1);
    return {
      ...delivery,
      path: outputPath,
      mediaType: DELIVERED_MEDIA_TYPE,
      trimmed: part.trimmed,
      source: { ...source, bytes, durationMs: Math.round((measured.pcm.frames * 1000) / source.sampleRate) },
      attempts,
    };
  } catch (error) {
    await rm(outputPath, { force: true });
    if (options.signal?.aborted) throw new DomainError('media.cancelled', {}, { cause: error });
    throw error;
  }
}

async function inspect(context: PreparationContext): Promise<{ bytes: number; source: SourceFacts }> {
  const { sourcePath: path, limits, options } = context;
  context.begin('probing', 0, 0.02);
  const { size: bytes } = await stat(path);
  if (bytes === 0) throw new DomainError('media.empty');
  if (bytes > limits.maxBytes) throw new DomainError('media.too_large', { bytes, limit: limits.maxBytes });
  const { binaries, clock, signal } = options;
  const source = await probe({
    ffprobe: binaries.ffprobe,
    clock,
    path,
    timeLimitMs: Math.min(60_000, limits.timeLimitMs),
    signal,
  });
  const detail = await truncationComplaint(path, source.container);
  if (detail !== undefined) throw new DomainError('media.truncated', { format: source.container, detail });
  return { bytes, source };
}

interface KeptPart {
  readonly startSample: number;
  readonly endSample: number;
  readonly trimmed: PreparedAudio['trimmed'];
}

function keptPart(context: PreparationContext, source: SourceFacts, measured: SourceMeasurement): KeptPart {
  const { sampleRate } = source;
  const { frames } = measured.pcm;
  const blockFrames = Math.round((sampleRate * BLOCK_MS) / 1000);
  const startSample = measured.span.first * blockFrames;
  const endSample = Math.min(frames, measured.span.end * blockFrames);
  const milliseconds = (samples: number) => Math.round((samples * 1000) / sampleRate);
  const durationMs = milliseconds(endSample - startSample);
  const { minDurationMs } = context.limits;
  if (durationMs < minDurationMs)
    throw new DomainError('media.too_short', { durationMs, limitMs: minDurationMs });
  const trimmed = { leadMs: milliseconds(startSample), tailMs: milliseconds(frames - endSample) };
  return { startSample, endSample, trimmed };
}

async function deliver(
  context: PreparationContext,
  source: SourceFacts,
  measured: SourceMeasurement,
  part: KeptPart,
  outputPath: string,
): Promise<{ delivery: Delivery; attempts: number }> {
  const { span, pcm, integratedLufs, only } = measured;
  const blocks = {
    power: pcm.power.subarray(span.first, span.end),
    peak: pcm.peak.subarray(span.first, span.end),
    integratedLufs,
  };
  const attempts: Attempt[] = [];
  let from = 0.12;
  while (attempts.length < MOST_ATTEMPTS) {
    const plan = await planGain(blocks, attempts);
    context.options.signal?.throwIfAborted();
    if (plan === undefined) break;
    // Nearly always the first one is right; another one gets most of what is left.
    const to = from + (0.98 - from) * 0.9;
    context.begin('encoding', from, to);
    from = to;
    const delivery = await encodeDelivery(context, { ...part, source, only, plan, outputPath });
    const { integratedLufs: lufs, truePeakDb } = delivery;
    attempts.push({ plan, lufs, truePeakDb });
    if (withinTarget(lufs, truePeakDb)) return { delivery, attempts: attempts.length };
  }
  const last = attempts.at(-1);
  throw new DomainError('media.loudness_unreachable', {
    targetLufs: TARGET.lufs,
    limitDb: TARGET.truePeakDb,
    lufs: last?.lufs ?? '–',
    truePeakDb: last?.truePeakDb ?? '–',
  });
}

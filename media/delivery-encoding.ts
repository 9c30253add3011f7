import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { DomainError } from '#protocols';
import { ContentHasher, type HashedContent } from './chunk-list.ts';
import { runFfmpeg } from './ffmpeg.ts';
import type { GainPlan } from './gain-plan.ts';
import { LoudnessReader } from './loudness.ts';
import { checkPass, DELIVERED_RATE, encodePass } from './passes.ts';
import { BLOCK_MS, PcmAnalyser } from './pcm-analyser.ts';
import { type Waveform, waveform } from './peaks.ts';
import type { PreparationContext } from './preparation-context.ts';
import type { SourceFacts } from './probe.ts';

/** One encoding, and what it measures when it is decoded again. */
export interface Delivery extends HashedContent {
  readonly durationMs: number;
  readonly integratedLufs: number;
  readonly truePeakDb: number;
  readonly waveform: Waveform;
}

export interface DeliveryRequest {
  readonly source: SourceFacts;
  readonly only: number | null;
  /** The part to keep, in samples at the source's rate: [start, end). */
  readonly startSample: number;
  readonly endSample: number;
  readonly plan: GainPlan;
  /** Where the file is written; replaced if it is there. */
  readonly outputPath: string;
}

/**
 * Encodes to a file and, from the same bytes while they are made, decodes and measures it in a second process: the check
 * costs next to no time on two cores. The file is whole when this resolves; when it throws, what is there is worthless.
 */
export async function encodeDelivery(
  context: PreparationContext,
  request: DeliveryRequest,
): Promise<Delivery> {
  const { sampleRate } = request.source;
  const seconds = (request.endSample - request.startSample) / sampleRate;
  const expectedFrames = Math.round(seconds * DELIVERED_RATE);
  const { timeLimitMs } = context.limits;
  // Whatever fails first ends the other.
  const failure = new AbortController();
  const signal = context.options.signal
    ? AbortSignal.any([context.options.signal, failure.signal])
    : failure.signal;

  const hasher = new ContentHasher();
  const toCheck = new PassThrough({ highWaterMark: 1 << 20 });
  const file = await open(request.outputPath, 'w', 0o644);
  const encode = async () => {
    await runFfmpeg({
      ...context.running('encoding', signal),
      ...encodePass({ ...request, ...request.source, path: context.sourcePath }),
      input: `file:${context.sourcePath}`,
      async onStdout(piece) {
        hasher.add(piece);
        await file.appendFile(piece).catch(diskFull);
        if (!toCheck.write(piece)) await once(toCheck, 'drain', { signal });
      },
      // Four times what the bit rate gives: far from any real file, near enough to stop a runaway.
      limits: { timeMs: timeLimitMs, stdoutBytes: Math.ceil(seconds + 10) * 16_000 },
    });
    toCheck.end();
  };

  const analyser = new PcmAnalyser({
    sampleRate: DELIVERED_RATE,
    channels: 1,
    fullScale: 32_767,
    only: null,
  });
  const loudness = new LoudnessReader();
  const check = () =>
    runFfmpeg({
      ...context.running('checking', signal),
      ...checkPass(),
      input: toCheck,
      onStdout(piece) {
        analyser.add(piece);
        context.progress('encoding', analyser.frames / expectedFrames);
      },
      onStderrLine: (line) => loudness.line(line),
      limits: { timeMs: timeLimitMs, stdoutBytes: (Math.ceil(seconds) + 10) * DELIVERED_RATE * 2 },
    });

  try {
    await joined([encode(), check()], failure);
  } finally {
    toCheck.destroy();
    await file.close();
  }

  const pcm = analyser.finish();
  const measured = loudness.result;
  const unusable = (reason: string) =>
    new DomainError('media.decoder_failed', { program: 'ffmpeg', stage: 'checking', reason });
  if (!measured || measured.truePeakDb === null) throw unusable('it printed no loudness');
  // One Opus frame is 20 ms.
  if (Math.abs(pcm.frames - expectedFrames) > 0.03 * DELIVERED_RATE)
    throw unusable(`the encoded file has ${pcm.frames} samples instead of ${expectedFrames}`);
  return {
    ...hasher.finish(),
    durationMs: Math.round((pcm.frames * 1000) / DELIVERED_RATE),
    integratedLufs: measured.integratedLufs,
    truePeakDb: measured.truePeakDb,
    waveform: waveform(pcm.peak, BLOCK_MS),
  };
}

/** Waits for all; the first failure stops the others and is thrown when they have ended. */
async function joined(work: readonly Promise<void>[], failure: AbortController): Promise<void> {
  let first: { readonly error: unknown } | undefined;
  await Promise.all(
    work.map((one) =>
      one.catch((error: unknown) => {
        first ??= { error };
        failure.abort(error);
      }),
    ),
  );
  if (first) throw first.error;
}

function diskFull(error: NodeJS.ErrnoException): never {
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT')
    throw new DomainError('media.disk_full', {}, { cause: error });
  throw error;
}

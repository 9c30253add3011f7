import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '#kit';
import { assertUsable, locateBinaries, prepare } from '#media';
import { watched } from './ingest/loop-watch.ts';
import { bareCommands } from './media/bare-commands.ts';
import { type Cost, cost } from './media/measure.ts';
import { makeSpeech } from './media/speech.ts';
import { median, numberOption, round } from './statistics.ts';

/** Half an hour takes long enough for three rounds to agree. */
const ROUNDS: Readonly<Record<string, number>> = { '10s': 5, '2min': 5, '30min': 3 };

interface Round {
  readonly ours: Cost;
  readonly bare: Cost;
  readonly heldMs: number;
  readonly attempts: number;
}

/**
 * Our preparation of speech beside the bare commands that do the same, one after the other in every round (the first
 * alternating); medians. The programs run at this process's priority on both sides. A ratio is wall time; `cpuRatio` is
 * processor time, ours including what Node spends. `--longest` leaves out speech of more seconds.
 */
export async function mediaBench(args: readonly string[]): Promise<object> {
  const folder = await mkdtemp(join(tmpdir(), 'loa-media-'));
  try {
    const binaries = await locateBinaries();
    await assertUsable(binaries);
    const { files: all, spokenBy } = await makeSpeech(folder, binaries.ffmpeg);
    const longest = numberOption(args, 'longest', Number.POSITIVE_INFINITY);
    const files = all.filter(({ seconds }) => seconds <= longest);
    const clock = new SystemClock();
    const results: Record<string, readonly Round[]> = {};
    for (const { name, path } of files) {
      const rounds: Round[] = [];
      for (let i = 0; i < (ROUNDS[name] ?? 1); i++) {
        let attempts = 0;
        let heldMs = 0;
        const prepareIt = async () => {
          const run = await watched(async () => {
            const made = await prepare(path, { binaries, clock, workFolder: folder, niceness: 0 });
            attempts = made.attempts;
            await rm(made.path);
          });
          heldMs = run.heldMs;
        };
        const ours = () => cost(prepareIt);
        const bare = () => cost(() => bareCommands(binaries, path, join(folder, 'bare.ogg')));
        const [first, second] = i % 2 === 0 ? [await bare(), await ours()] : [await ours(), await bare()];
        const [oursCost, bareCost] = i % 2 === 0 ? [second, first] : [first, second];
        rounds.push({ ours: oursCost, bare: bareCost, heldMs, attempts });
        process.stderr.write(
          `${name}: ours ${round(oursCost.wallSeconds, 2)} s, bare ${round(bareCost.wallSeconds, 2)} s\n`,
        );
      }
      results[name] = rounds;
    }
    const each = (figure: (rounds: readonly Round[], seconds: number) => number) =>
      Object.fromEntries(files.map(({ name, seconds }) => [name, figure(results[name] ?? [], seconds)]));
    const ratios = each((rounds) =>
      round(median(rounds.map((one) => one.ours.wallSeconds / one.bare.wallSeconds)), 2),
    );
    const factors = each((rounds, seconds) =>
      round(seconds / median(rounds.map(({ ours }) => ours.wallSeconds)), 0),
    );
    return {
      bench: 'media',
      ratio: Math.max(...Object.values(ratios)),
      ratios,
      cpuRatios: each((rounds) =>
        round(median(rounds.map((one) => one.ours.cpuSeconds / one.bare.cpuSeconds)), 2),
      ),
      realtimeFactor: Math.min(...Object.values(factors)),
      realtimeFactors: factors,
      seconds: each((rounds) => round(median(rounds.map(({ ours }) => ours.wallSeconds)), 2)),
      bareSeconds: each((rounds) => round(median(rounds.map(({ bare }) => bare.wallSeconds)), 2)),
      attempts: each((rounds) => Math.max(...rounds.map(({ attempts }) => attempts))),
      rounds: each((rounds) => rounds.length),
      spokenBy,
      maxLoopDelayMs: round(
        Math.max(
          ...Object.values(results)
            .flat()
            .map(({ heldMs }) => heldMs),
        ),
      ),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

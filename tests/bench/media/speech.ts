import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inRepo } from '../../helpers/repo-root.ts';
import { available } from '../../helpers/requirements.ts';

const run = promisify(execFile);

/** Speech of different lengths, as WAV (22,050 Hz, 16 bit, mono). */
export interface SpeechFile {
  readonly name: string;
  readonly seconds: number;
  readonly path: string;
}

const LENGTHS = [
  ['10s', 10],
  ['2min', 120],
  ['30min', 1800],
] as const;

/**
 * The project's greeting spoken by espeak-ng over and over in different voices, or its recording looped where there is
 * no espeak-ng.
 */
export async function makeSpeech(
  folder: string,
  ffmpeg: string,
): Promise<{ readonly files: readonly SpeechFile[]; readonly spokenBy: 'espeak-ng' | 'recording' }> {
  const spoken = available('espeak-ng');
  const source = spoken ? await speak(folder) : inRepo('server/demo/loi-chao.flac');
  const files = await Promise.all(
    LENGTHS.map(async ([name, seconds]) => {
      const path = join(folder, `${name}.wav`);
      const input = ['-stream_loop', '-1', '-i', source, '-t', String(seconds)];
      await run(ffmpeg, ['-nostdin', '-v', 'error', ...input, '-ac', '1', '-ar', '22050', path]);
      return { name, seconds, path };
    }),
  );
  return { files, spokenBy: spoken ? 'espeak-ng' : 'recording' };
}

async function speak(folder: string): Promise<string> {
  const text = await readFile(inRepo('server/demo/loi-chao.txt'), 'utf8');
  const path = join(folder, 'spoken.wav');
  // Long enough that the half hour does not repeat one minute only.
  await run('espeak-ng', ['-v', 'vi', '-s', '150', '-w', path, Array(20).fill(text).join('\n')]);
  return path;
}

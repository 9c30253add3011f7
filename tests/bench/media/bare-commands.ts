import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Binaries } from '#media';

const run = promisify(execFile);
const ENOUGH = 64 * 1024 * 1024;
const TARGET_LUFS = -16;
/** What a person would set for −1.5 dBTP after Opus. */
const LIMIT_DB = -2.9;

/**
 * What a person would type for the same: look into the file, measure it, encode it with a gain and a limiter, measure
 * what came out. One command after the other.
 */
export async function bareCommands(
  { ffmpeg, ffprobe }: Binaries,
  source: string,
  output: string,
): Promise<void> {
  await run(ffprobe, ['-v', 'error', '-show_format', '-show_streams', '-of', 'json', source]);
  const gain = TARGET_LUFS - (await measure(ffmpeg, source));
  const limit = (10 ** (LIMIT_DB / 20)).toFixed(6);
  const filters = `aresample=48000,volume=${gain.toFixed(2)}dB,alimiter=limit=${limit}:attack=5:release=50:level=false`;
  const encoder = ['-ac', '1', '-ar', '48000', '-c:a', 'libopus', '-b:a', '32000', '-application', 'audio'];
  await command(ffmpeg, ['-y', '-i', source, '-vn', '-af', filters, ...encoder, output]);
  await measure(ffmpeg, output);
}

async function measure(ffmpeg: string, file: string): Promise<number> {
  const said = await command(ffmpeg, [
    '-i',
    file,
    '-vn',
    '-af',
    'ebur128=peak=true:framelog=verbose',
    '-f',
    'null',
    '-',
  ]);
  const summary = said.slice(said.lastIndexOf('Summary:'));
  const loudness = /I:\s+(-?[\d.]+) LUFS/.exec(summary)?.[1];
  if (loudness === undefined) throw new Error('ffmpeg printed no loudness');
  return Number(loudness);
}

async function command(ffmpeg: string, args: readonly string[]): Promise<string> {
  const { stderr } = await run(ffmpeg, ['-nostdin', '-hide_banner', '-nostats', ...args], {
    maxBuffer: ENOUGH,
  });
  return stderr;
}

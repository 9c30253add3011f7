import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Instant, SystemClock } from '#kit';
import type { Output, RecordingNote } from '../../../device-agent/outputs/index.ts';
import {
  type Decoder,
  FfmpegDecoder,
  type Play,
  PlaybackEngine,
} from '../../../device-agent/playback/index.ts';
import { readWav } from '../../helpers/pcm.ts';

/** The instant of monotonic zero, taken once: wall clocks are set and slewed while tests run. */
const epochMs = Date.now() - performance.now();

class SteadyClock extends SystemClock {
  override now(): Instant {
    return epochMs + this.monotonic();
  }
}

export const clock = new SteadyClock();
export const FIXTURE_MS = 2_000;

/** Two seconds of a tone that climbs, which fits itself in one place only, as a loudspeaker's content comes. */
export async function makeFixture(folder: string): Promise<string> {
  const file = join(folder, 'climbing tone.opus');
  const tone = `aevalsrc='0.4*sin(2*PI*(200*t+400*t*t))':s=48000:d=${FIXTURE_MS / 1000}`;
  const coder = ['-ac', '1', '-c:a', 'libopus', '-b:a', '32k'];
  await promisify(execFile)('ffmpeg', ['-v', 'error', '-nostdin', '-f', 'lavfi', '-i', tone, ...coder, file]);
  return file;
}

export async function startEngine(output: Output, decoder?: Decoder): Promise<PlaybackEngine> {
  const engine = new PlaybackEngine({
    clock,
    output,
    decoder: decoder ?? new FfmpegDecoder({ clock, program: 'ffmpeg' }),
    toMonotonic: (instant) => instant - epochMs,
    onListenerError: (_event, error) => {
      throw error;
    },
  });
  await engine.start();
  return engine;
}

/** Soon, by the engine's time. */
export const soon = (ms = 1_500) => epochMs + clock.monotonic() + ms;

/** The next event of a play; rejects when the play ends before. */
export function next<Name extends 'started' | 'position'>(play: Play, name: Name) {
  const ended = play.done.then((outcome) => Promise.reject(new Error(`ended as ${JSON.stringify(outcome)}`)));
  ended.catch(() => undefined);
  return Promise.race([play.events.next(name), ended]);
}

export interface Recording {
  readonly samples: Float32Array;
  readonly stated: number;
  /** Instant of sample 0. */
  readonly firstMs: number;
}

/** The only recording in a folder. */
export async function recording(folder: string): Promise<Recording> {
  const [name, ...more] = readdirSync(folder).filter((file) => file.endsWith('.wav'));
  if (name === undefined || more.length > 0) throw new Error(`${folder} holds ${1 + more.length} recordings`);
  const path = join(folder, name);
  const note = JSON.parse(readFileSync(`${path}.json`, 'utf8')) as RecordingNote;
  return { ...(await readWav(path)), firstMs: note.startedAtMs };
}

import { BUILT_IN_DURATIONS_MS, BUILT_IN_SOUNDS } from '#protocols';
import { FRAMES_PER_MS } from '../outputs/output.ts';
import type { Decoder } from '../playback/index.ts';
import { DRILL_NOTICE } from './drill-notice.ts';
import { readWhole } from './read-whole.ts';
import { attentionTone, chime, testTone } from './tones.ts';

export type BuiltInSound = (typeof BUILT_IN_SOUNDS)[number];

/** Made once in a process, whatever the number of agents in it. */
const made = new Map<BuiltInSound, Int16Array>();
/** What was made is only as long as the notice: the fleet simulator's decoder makes silence of everything. */
let noticeIsSilence = false;
const MAKERS = { 'attention-tone': attentionTone, chime, 'test-tone': testTone } as const;

export function isBuiltIn(name: string): name is BuiltInSound {
  return (BUILT_IN_SOUNDS as readonly string[]).includes(name);
}

/**
 * A sound that every agent makes by itself: PCM in the agent's format. The spoken notice is undefined until it was decoded.
 */
export function builtInSound(name: BuiltInSound): Int16Array | undefined {
  if (name === 'drill-notice') return made.get(name);
  const sound = made.get(name) ?? MAKERS[name]();
  made.set(name, sound);
  return sound;
}

/** Makes the tones, and decodes the spoken notice unless that is done. @throws DomainError `decoder.missing` | `decoder.failed` */
export async function makeBuiltInSounds(decoder: Decoder): Promise<void> {
  for (const name of BUILT_IN_SOUNDS) builtInSound(name);
  if (made.has('drill-notice') && !noticeIsSilence) return;
  const { durationMs, bytes } = DRILL_NOTICE;
  const source = decoder.open({ bytes: once(bytes), durationMs, offsetMs: 0 });
  noticeIsSilence = source.silent;
  // Silence behind the words, up to the length that plans reckon with.
  const notice = new Int16Array(BUILT_IN_DURATIONS_MS['drill-notice'] * FRAMES_PER_MS);
  notice.set(await readWhole(source, notice.length));
  made.set('drill-notice', notice);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

import type { SpeakerKey } from '../enrolment/enrolment.ts';
import { verifyAside } from './verify-aside.ts';

/** A message without a signature is short: it says nothing of what is held. */
const LEAST_BYTES = 512;

/** What a loudspeaker has signed of a message, not proved yet: its `wordStatement`, and 64 bytes. */
export interface Said {
  readonly statement: Uint8Array;
  readonly signature: Uint8Array;
}

/** A message on its way in. What was proved once is kept for the next attempt to work on it. */
export interface ReceivedWord {
  readonly speakerId: string;
  /** Undefined where a message counts without. */
  readonly said: Said | undefined;
  proved?: boolean;
}

/** What a message that waits keeps of memory, in bytes of its text; what is made of it is a few times that. */
export function wordBytes({ said }: ReceivedWord): number {
  return LEAST_BYTES + (said?.statement.byteLength ?? 0);
}

export interface WordKeys<Word> {
  /** The key that has to have signed; undefined: none has. */
  readonly keyOf: (word: Word) => SpeakerKey | undefined;
  /** Told once of each word that is not proved. */
  readonly onForged: (word: Word) => void;
}

/** Those messages, in their order, whose signatures are their loudspeakers', proved without holding the event loop. Never rejects. */
export async function provedWords<Word extends ReceivedWord>(
  words: readonly Word[],
  { keyOf, onForged }: WordKeys<Word>,
): Promise<Word[]> {
  const prove = async (word: Word): Promise<void> => {
    const { said } = word;
    if (word.proved !== undefined) return;
    word.proved = said === undefined || (await isSigned(said, keyOf(word)));
    if (!word.proved) onForged(word);
  };
  await Promise.all(words.map(prove));
  return words.filter(({ proved }) => proved);
}

async function isSigned({ statement, signature }: Said, key: SpeakerKey | undefined): Promise<boolean> {
  try {
    return key !== undefined && (await verifyAside(key, statement, signature));
  } catch {
    // A hello may show bytes that are no key.
    return false;
  }
}

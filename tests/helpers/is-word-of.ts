import { verify } from 'node:crypto';
import { type SignedWordName, type SplitWord, verifyingKey, wordStatement } from '#protocols';

/** Whether a message was signed as a loudspeaker's word with this key (raw, base64url). The controller proves it on the thread pool. */
export function isWordOf(
  name: SignedWordName,
  speakerId: string,
  { body, signature }: SplitWord,
  publicKey: string,
): boolean {
  const statement = wordStatement(name, speakerId, body);
  return signature !== undefined && verify(null, statement, verifyingKey(publicKey), signature);
}

import { needsSignature, type SignedWordName, splitWord } from '#protocols';
import { isWordOf } from '../../helpers/is-word-of.ts';

/**
 * The JSON text of what a loudspeaker said. `publicKey`: that of its last hello; undefined: what the message shows. Throws for a message
 * that has to be signed with it and is not.
 */
export function provedBody(
  name: SignedWordName,
  speakerId: string,
  payload: Buffer,
  publicKey?: string,
): Uint8Array {
  const word = splitWord(payload);
  const message = JSON.parse(Buffer.from(word.body).toString()) as { readonly publicKey?: string };
  const key = publicKey ?? message.publicKey ?? '';
  if (needsSignature(name, message) && !isWordOf(name, speakerId, word, key))
    throw new Error(`"${speakerId}" has not signed its ${name}`);
  return word.body;
}

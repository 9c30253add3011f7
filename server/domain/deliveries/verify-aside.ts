import { type KeyObject, verify } from 'node:crypto';
import { promisify } from 'node:util';
import { verifyingKey } from '#protocols';
import type { SpeakerKey } from '../enrolment/enrolment.ts';

/** On Node's thread pool: 200 Ed25519 verifications take 25 to 50 ms, for which the event loop would stand still. */
const verifyOnPool = promisify(verify);

/** Keys ready for use, as long as their entry is in the table. */
const ready = new WeakMap<SpeakerKey, KeyObject>();

/** Whether a statement was signed with a loudspeaker's key, without holding the event loop. Throws where the key is none. */
export function verifyAside(key: SpeakerKey, statement: Uint8Array, signature: Uint8Array): Promise<boolean> {
  return verifyOnPool(undefined, statement, keyObject(key), signature);
}

function keyObject(key: SpeakerKey): KeyObject {
  const known = ready.get(key);
  if (known !== undefined) return known;
  const made = verifyingKey(key.publicKey);
  ready.set(key, made);
  return made;
}

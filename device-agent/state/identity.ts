import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '#kit';
import { exportSigningKey, generateSigningKey, importSigningKey, type SigningKey } from '#protocols';
import { ifMissing } from './files.ts';

/**
 * The loudspeaker's own signing key, made at its first start and never sent anywhere. A key file that is there but
 * cannot be read is an error, not a reason to make another: the controller knows the loudspeaker by this key.
 */
export async function loadIdentity(folder: string): Promise<SigningKey> {
  const path = join(folder, 'identity.pem');
  const pem = await ifMissing(readFile(path, 'utf8'), undefined);
  if (pem !== undefined) return importSigningKey(pem);
  const key = generateSigningKey();
  await writeFileAtomic(path, exportSigningKey(key), 0o600);
  return key;
}

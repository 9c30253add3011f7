import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Type from 'typebox';
import {
  codec,
  DomainError,
  importSigningKey,
  isDomainError,
  keyFingerprint,
  Sha256Schema,
  sha256,
  signDocument,
  verifyDocument,
} from '#protocols';
import { followStatements, type StatementChain } from '../../domain/keys/statement-chain.ts';
import { KeyFiles } from '../key-files.ts';
import { isOfDisk } from './disk-errors.ts';
import { INNER } from './layout.ts';
import type { ReadResult } from './read-archive.ts';

/** What the controller signs of a backup: its list of files, which has the hash of each. */
const signedCodec = codec(
  'signature of a backup',
  Type.Object({ v: Type.Literal(1), manifest: Sha256Schema }),
  1,
);

/** Signs a list of files, in its exact bytes, with the operational key of a key folder. */
export async function signManifest(keys: string, manifest: Uint8Array): Promise<string> {
  const key = importSigningKey(await readFile(join(keys, 'operational.pem'), 'utf8'));
  return signDocument('backup', { v: 1, manifest: sha256(manifest) }, key);
}

/** The statements of a key folder, followed to its operational key. Throws `backup.damaged` when its parts do not belong together. */
export async function chainIn(folder: string): Promise<StatementChain> {
  try {
    const statements = await new KeyFiles({ folder }).readStatements();
    const operational = importSigningKey(await readFile(join(folder, 'operational.pem'), 'utf8'));
    return await followStatements(statements, operational.kid);
  } catch (cause) {
    if (isDomainError(cause, 'backup.damaged') || isOfDisk(cause)) throw cause;
    const reason = `its keys do not belong together (${cause instanceof Error ? cause.message : 'unreadable'})`;
    throw new DomainError('backup.damaged', { reason }, { cause });
  }
}

export interface Authenticity {
  /** Raw root keys that paper may name, newest first. */
  readonly rootKeys: readonly string[];
  readonly signed: boolean;
}

/**
 * Whether what was unpacked into a folder is what a controller signed, and whose. `sheetRoot`: the root key that the sheet names, which nobody
 * can put into a sheet's key without its passphrase; null where the sheet is of an earlier version. Only then may a backup be without a signature. Throws
 * `backup.forged`, `backup.other_root`, `backup.damaged`.
 */
export async function authenticate(
  folder: string,
  { signature, manifestSha256 }: Pick<ReadResult, 'signature' | 'manifestSha256'>,
  sheetRoot: string | null,
): Promise<Authenticity> {
  const { ring, signers } = await chainIn(join(folder, INNER.data, 'keys'));
  if (signature !== null) await requireSignature(signature, manifestSha256, ring);
  else if (sheetRoot !== null)
    throw new DomainError('backup.forged', {
      reason: 'it is not signed, and every backup of this sheet is',
    });
  if (sheetRoot !== null && !signers.includes(sheetRoot))
    throw new DomainError('backup.other_root', {
      found: keyFingerprint(signers.at(-1) ?? ''),
      expected: keyFingerprint(sheetRoot),
    });
  return { rootKeys: [...signers].reverse(), signed: signature !== null };
}

async function requireSignature(
  signature: string,
  manifestSha256: string,
  ring: StatementChain['ring'],
): Promise<void> {
  try {
    const { payload } = await verifyDocument('backup', signature, { find: (kid) => ring.find(kid, 'order') });
    if (signedCodec.parse(payload).manifest === manifestSha256) return;
  } catch (cause) {
    if (!isDomainError(cause)) throw cause;
    throw new DomainError('backup.forged', { reason: cause.message }, { cause });
  }
  throw new DomainError('backup.forged', { reason: 'its list of files is not the one that was signed' });
}

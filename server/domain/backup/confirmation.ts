import { type BackupFacts, DomainError, type RestoreConfirmation } from '#protocols';

/**
 * Whether what somebody said is about the backup that was shown: its very file, one of its root keys, and of one that nobody signed that this is known.
 * Throws `restore.unconfirmed`.
 */
export function requireConfirmed(
  { sha256, rootKeys, signed }: Pick<BackupFacts, 'sha256' | 'rootKeys' | 'signed'>,
  said: RestoreConfirmation,
): void {
  const { rootKey, unsigned } = said;
  if (said.sha256 !== sha256)
    throw new DomainError('restore.unconfirmed', {
      what: 'another backup was sent after the one that was shown: look at that',
    });
  if (!isRootKeyOf(rootKeys, rootKey))
    throw new DomainError('restore.unconfirmed', { what: 'the root key that was confirmed is not its own' });
  if (!signed && !unsigned)
    throw new DomainError('restore.unconfirmed', {
      what: 'it is not signed, which has to be confirmed by itself',
    });
}

/** Whether a fingerprint, with whatever stands between its digits, is that of one of these root keys. */
export function isRootKeyOf(rootKeys: BackupFacts['rootKeys'], fingerprint: string): boolean {
  const said = fingerprint.replace(/\D/g, '');
  return rootKeys.some((key) => key.fingerprint.replaceAll(' ', '') === said);
}

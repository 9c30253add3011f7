import { resolve } from 'node:path';
import { ConfigError, type VariableKey } from './variables.ts';

/** Where the signed heads of the audit log go, beside the database. */
export interface AuditHeadsConfig {
  readonly folder: string | null;
  /** `smtpUrl` may hold user and password: it never goes into a log. */
  readonly mail: { readonly smtpUrl: string; readonly from: string; readonly to: readonly string[] } | null;
}

const ADDRESS = /^[^\s@<>,;:]+@[^\s@<>,;:]+$/;

/** Throws `ConfigError`. */
export function parseAuditHeads(texts: Readonly<Record<VariableKey, string | null>>): AuditHeadsConfig {
  const [folder, to, smtpUrl] = [
    texts.auditHeadsFolder ?? '',
    texts.auditHeadsMail ?? '',
    texts.smtpUrl ?? '',
  ];
  return {
    folder: folder === '' ? null : resolve(folder),
    mail: to === '' ? null : mail(to, smtpUrl, texts.mailFrom ?? ''),
  };
}

function mail(to: string, smtpUrl: string, from: string): AuditHeadsConfig['mail'] {
  const addresses = to.split(',').map((one) => one.trim());
  const wrong = addresses.find((one) => !ADDRESS.test(one));
  if (wrong !== undefined)
    throw new ConfigError('auditHeadsMail', wrong, 'mail addresses, separated by commas');
  if (!ADDRESS.test(from))
    throw new ConfigError('mailFrom', from, 'a mail address, because LOA_AUDIT_HEADS_MAIL is set');
  const url = URL.canParse(smtpUrl) ? new URL(smtpUrl) : null;
  // The value is not repeated: it may hold a password.
  if (url === null || !/^smtps?:$/.test(url.protocol) || url.hostname === '')
    throw new ConfigError(
      'smtpUrl',
      '…',
      '"smtp://" or "smtps://" with user:password@host:port, because LOA_AUDIT_HEADS_MAIL is set',
    );
  return { smtpUrl, from, to: addresses };
}

import { resolve } from 'node:path';
import { isAddress, type MailConfig } from './mail.ts';
import { ConfigError, type VariableKey } from './variables.ts';

/** Where the signed heads of the audit log go, beside the database. */
export interface AuditHeadsConfig {
  readonly folder: string | null;
  /** Addresses that get them; empty: none. */
  readonly mailTo: readonly string[];
}

/** Throws `ConfigError`. */
export function parseAuditHeads(
  texts: Readonly<Record<VariableKey, string | null>>,
  mail: MailConfig | null,
): AuditHeadsConfig {
  const [folder, to] = [texts.auditHeadsFolder ?? '', texts.auditHeadsMail ?? ''];
  return {
    folder: folder === '' ? null : resolve(folder),
    mailTo: to === '' ? [] : addresses(to, mail),
  };
}

function addresses(to: string, mail: MailConfig | null): string[] {
  const found = to.split(',').map((one) => one.trim());
  const wrong = found.find((one) => !isAddress(one));
  if (wrong !== undefined)
    throw new ConfigError('auditHeadsMail', wrong, 'mail addresses, separated by commas');
  if (mail === null)
    throw new ConfigError('mailFrom', '', 'a mail address, because LOA_AUDIT_HEADS_MAIL is set');
  return found;
}

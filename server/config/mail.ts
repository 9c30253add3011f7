import { ConfigError, type VariableKey } from './variables.ts';

/** The one mail server of this controller, and whom its mail is from. */
export interface MailConfig {
  /** May hold user and password: it never goes into a log. */
  readonly smtpUrl: string;
  readonly from: string;
}

const ADDRESS = /^[^\s@<>,;:]+@[^\s@<>,;:]+$/;

export function isAddress(text: string): boolean {
  return ADDRESS.test(text);
}

/** Null: this controller sends no mail. Throws `ConfigError`. */
export function parseMail(texts: Readonly<Record<VariableKey, string | null>>): MailConfig | null {
  const [smtpUrl, from] = [texts.smtpUrl ?? '', texts.mailFrom ?? ''];
  if (smtpUrl === '' && from === '') return null;
  if (!isAddress(from))
    throw new ConfigError('mailFrom', from, 'a mail address, because LOA_SMTP_URL is set');
  const url = URL.canParse(smtpUrl) ? new URL(smtpUrl) : null;
  // The value is not repeated: it may hold a password.
  if (url === null || !/^smtps?:$/.test(url.protocol) || url.hostname === '')
    throw new ConfigError(
      'smtpUrl',
      '…',
      '"smtp://" or "smtps://" with user:password@host:port, because LOA_MAIL_FROM is set',
    );
  return { smtpUrl, from };
}

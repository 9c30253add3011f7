import { createTransport } from 'nodemailer';
import type { MailConfig } from '../config/mail.ts';
import { type Mailer, MailFailure, type Message } from '../domain/mail/outgoing-mail.ts';

const TIMEOUT_MS = 20_000;

/** The mail server that the operator named: one connection for each message. */
export function createMailer({ smtpUrl, from }: MailConfig): Mailer {
  const timeouts = {
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
  };
  // A text of ours never names a file or an address that is to be read into the mail.
  const closed = { disableFileAccess: true, disableUrlAccess: true };
  return {
    send: async ({ messageId, to, subject, text, at }: Message, signal) => {
      const transport = createTransport({ url: smtpUrl, ...timeouts, ...closed });
      try {
        await transport.sendMail({
          // As they are, and not read as a list in which a comma begins another one.
          envelope: { from, to: [...to] },
          from: { name: '', address: from },
          to: to.map((address) => ({ name: '', address })),
          ...{ subject, text, messageId: `<${messageId}>`, date: new Date(at) },
          // Holiday replies are for people.
          headers: { 'Auto-Submitted': 'auto-generated' },
          ...(signal === undefined ? {} : { signal }),
        });
      } catch (error) {
        throw failureOf(error);
      } finally {
        transport.close();
      }
    },
  };
}

/** By its codes alone: the sentences of a server repeat addresses, and those of its library may repeat what is in the URL. */
function failureOf(error: unknown): MailFailure {
  const { code, responseCode, command } = (typeof error === 'object' && error !== null ? error : {}) as {
    readonly code?: unknown;
    readonly responseCode?: unknown;
    readonly command?: unknown;
  };
  const known = [code, responseCode].filter((one) => typeof one === 'string' || typeof one === 'number');
  const ofMessage =
    typeof responseCode === 'number' && (command === 'RCPT TO' || command === 'DATA' || code === 'EMESSAGE');
  return new MailFailure(known.length === 0 ? 'unknown' : known.join(' '), ofMessage);
}

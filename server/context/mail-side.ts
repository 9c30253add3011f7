import type { Clock } from '#kit';
import type { ServerConfig } from '../config/index.ts';
import type { AfterRestore } from '../domain/backup/restored.ts';
import { MailDelivery } from '../domain/mail/mail-delivery.ts';
import { MailQueue } from '../domain/mail/mail-queue.ts';
import type { Storage } from '../domain/unit-of-work.ts';
import type { CheckResult } from '../http/readiness.ts';
import type { Logger } from '../logger.ts';
import { createMailer } from './mailer.ts';

export type MailSide = ReturnType<typeof buildMailSide>;

/** The one mail server of this controller, and what waits to be sent; without one nothing waits. */
export function buildMailSide(options: {
  readonly config: Pick<ServerConfig, 'mail'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly storage: Storage;
}) {
  const { config, clock, log, storage } = options;
  const mailer = config.mail === null ? null : createMailer(config.mail);
  const delivery =
    mailer === null
      ? null
      : new MailDelivery({
          ...{ storage, clock, mailer },
          // Whose it is and why; never where to.
          onError: (error, account) => log.error({ err: error, account }, 'a mail could not be sent'),
          onGivenUp: (account) => log.error({ account }, 'a mail was given up: what it told is over'),
        });
  return {
    ...{ mailer, delivery },
    queue: delivery === null ? null : new MailQueue({ clock, kick: () => delivery.kick() }),
    /** What waited when the backup was taken was told long ago, or tells of what is no more. */
    afterRestore: ((tx) => tx.mails.removeAll()) satisfies AfterRestore,
    // A warning and never unreadiness: what is broadcast does not depend on it.
    check: async (): Promise<CheckResult> => {
      if (delivery === null) return { ok: true, detail: 'no mail server is set' };
      const { waiting, failing } = await delivery.state();
      if (failing === null) return { ok: true, detail: 'sent, or nothing to send' };
      return { ok: true, detail: `NOT SENT: ${waiting} wait (${failing}); see the log` };
    },
  };
}

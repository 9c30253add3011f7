import type { Clock, Instant } from '#kit';
import { newId } from '#protocols';
import type { Transaction } from '../unit-of-work.ts';

/** What a mail says. */
export interface MailText {
  readonly subject: string;
  readonly text: string;
}

export interface MailQueueOptions {
  readonly clock: Clock;
  /** Something waits to be sent. */
  readonly kick: () => void;
}

/** Puts mails on the list of those to be sent, in the transaction of what they tell. Nobody waits for a mail server. */
export class MailQueue {
  readonly #options: MailQueueOptions;

  constructor(options: MailQueueOptions) {
    this.#options = options;
  }

  /** One mail to one address, about the account; given up at `expiresAt`. */
  async add(
    tx: Transaction,
    account: string,
    to: string,
    { subject, text }: MailText,
    expiresAt: Instant,
  ): Promise<void> {
    const { clock, kick } = this.#options;
    const now = Math.floor(clock.now());
    const mail = { id: newId('mai', now), account, to, subject, text, createdAt: now };
    await tx.mails.insert({ ...mail, expiresAt: Math.floor(expiresAt) });
    tx.afterCommit(kick);
  }
}

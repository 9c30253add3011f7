import type { Instant } from '#kit';

/** A mail that the mail server has not taken yet. */
export interface OutgoingMail {
  /** Sorts by age. The message's own id follows from it: however often it is tried, it is the same message. */
  readonly id: string;
  /** Whose notice it is. */
  readonly account: string;
  /** One address. It never goes into a log. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly createdAt: Instant;
  /** From then on it is not sent any more. */
  readonly expiresAt: Instant;
}

export interface MailStore {
  insert(mail: OutgoingMail): Promise<void>;
  /** The oldest first, after the mail with the id `after`; null: from the beginning. */
  waiting(after: string | null, limit: number): Promise<OutgoingMail[]>;
  count(): Promise<number>;
  /** Those that are gone already are passed over. */
  remove(ids: readonly string[]): Promise<void>;
  removeAll(): Promise<void>;
}

/** What is handed to the mail server. */
export interface Message {
  /** Without angle brackets. */
  readonly messageId: string;
  readonly to: readonly string[];
  readonly subject: string;
  /** Plain text; lines end with "\n". */
  readonly text: string;
  readonly at: Instant;
}

/** The way to the mail server. */
export interface Mailer {
  /**
   * Resolves when the server has taken the message. Throws `MailFailure`; at once where `signal` is aborted, and then nobody knows whether it was
   * taken.
   */
  send(message: Message, signal?: AbortSignal): Promise<void>;
}

/** Why a message was not taken. Holds neither address nor password: servers like to repeat both. */
export class MailFailure extends Error {
  /** Whether the server refused this message alone: others may still be taken. */
  readonly ofMessage: boolean;

  constructor(reason: string, ofMessage: boolean) {
    super(reason);
    this.name = 'MailFailure';
    this.ofMessage = ofMessage;
  }
}

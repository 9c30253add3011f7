import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDomainError, scopeOfKey } from '#protocols';
import type { OrderPublisher } from '../dispatch/publisher.ts';
import type { StoredHead } from './plan.ts';

/** Heads published one after the other without a turn in between. */
const HEADS_AT_ONCE = 20;

export interface HeadSenderOptions {
  readonly publisher: OrderPublisher;
  readonly onError: (error: unknown) => void;
}

/** Sends signed plan heads to the loudspeakers of their scopes, and keeps what the broker did not take. */
export class HeadSender {
  readonly #options: HeadSenderOptions;
  /** Heads that the broker did not take, the newest of each scope. */
  readonly #unsent = new Map<string, StoredHead>();

  constructor(options: HeadSenderOptions) {
    this.#options = options;
  }

  /** Resolves when the broker has taken each, or has not. Never rejects. */
  async send(heads: Iterable<StoredHead>): Promise<void> {
    const sent: Promise<void>[] = [];
    for (const head of heads) {
      if (sent.length > 0 && sent.length % HEADS_AT_ONCE === 0) await nextTurn();
      sent.push(this.#publish(head));
    }
    await Promise.all(sent);
  }

  /** The broker is there again: what it did not take is sent now. */
  async again(): Promise<void> {
    const unsent = [...this.#unsent.values()];
    this.#unsent.clear();
    await this.send(unsent);
  }

  async #publish(head: StoredHead): Promise<void> {
    const { publisher, onError } = this.#options;
    const { scope, document } = head;
    const { kind, id } = scopeOfKey(scope);
    this.#unsent.delete(scope);
    try {
      await publisher.publish(kind === 'area' ? 'areaPlan' : 'plan', id, document);
    } catch (error) {
      // The next hello or heartbeat shows who lacks it.
      if (!isDomainError(error, 'message.disconnected')) onError(error);
      else if (!this.#unsent.has(scope)) this.#unsent.set(scope, head);
    }
  }
}

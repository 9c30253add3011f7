import type { ErrorCode, JournalFact } from '#protocols';
import type { TimeKeeper } from '../clock/index.ts';
import { factTime } from '../journal/fact-time.ts';
import type { Log } from '../log.ts';
import type { Account } from './account.ts';
import { orderFact } from './facts.ts';
import type { OpenItems } from './open-items.ts';
import type { PlayItem } from './play-item.ts';

/** Content that cannot come is told as `failed`; what merely has not come is `missed`. */
const FAILURES: readonly ErrorCode[] = ['cache.disk_full', 'cache.too_large', 'cache.hash_mismatch'];

export interface EndingsOptions {
  readonly account: Account;
  readonly items: OpenItems;
  readonly keeper: TimeKeeper;
  readonly log: Log;
}

/** What becomes of items that do not sound, or not any more: told, written down, and forgotten. */
export class Endings {
  readonly #options: EndingsOptions;

  constructor(options: EndingsOptions) {
    this.#options = options;
  }

  /** Tells the fact that ends an order, and forgets the item. */
  end(item: PlayItem, fact: JournalFact): void {
    this.#drop(item);
    this.#options.account.tellEnd(item, fact);
  }

  /** Its next repetition will not begin any more: told, and the one after it is next. */
  pass(item: PlayItem, code: ErrorCode): void {
    const fact = this.#passed(item, code);
    item.repetitionDone();
    item.blockedBy = null;
    this.#options.account.tell(item, fact);
  }

  /** It will not begin any more. What has sounded of it before is told already. */
  giveUp(item: PlayItem, code: ErrorCode): void {
    const { account, keeper, log } = this.#options;
    if (item.plays === 0) {
      const kind = FAILURES.includes(code) ? 'failed' : 'missed';
      const { plannedAt } = item;
      this.end(item, orderFact(kind, item, factTime(keeper.time), { code, plannedAt }));
      return;
    }
    log.info('not gone on with', { orderId: item.id, code, repetitions: item.repetitions });
    // One that was interrupted or failed is told already.
    const last = item.phase === 'open' && item.repetitions > 0 ? this.#passed(item, code) : null;
    this.#drop(item);
    if (last === null) account.writeSoon(item);
    else account.tell(item, last);
  }

  /** An order of the same broadcast has taken its place; nothing of it was heard. */
  replace(item: PlayItem): void {
    if (item.isSlot) {
      this.withdrawUnheard(item);
      return;
    }
    this.#drop(item);
    this.#options.account.writeSoon(item);
  }

  /** The plan does not name it any more. Told where anything was told of it before. */
  withdrawUnheard(item: PlayItem): void {
    const { account, keeper } = this.#options;
    if (item.ready || item.plays > 0) {
      this.end(item, orderFact('cancelled', item, factTime(keeper.time), { code: 'plan.withdrawn' }));
      return;
    }
    this.#drop(item);
    account.forgetSoon(item);
  }

  #drop(item: PlayItem): void {
    item.phase = 'done';
    this.#options.items.drop(item);
  }

  #passed(item: PlayItem, code: ErrorCode): JournalFact {
    const { plannedAt } = item;
    const repetition = item.repetitions + 1;
    return orderFact('missed', item, factTime(this.#options.keeper.time), { code, plannedAt, repetition });
  }
}

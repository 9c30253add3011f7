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

  /** Tells the fact that ends an order, and forgets the item. The repetitions that end with it are told before: whoever reads the end knows all. */
  end(item: PlayItem, fact: JournalFact): void {
    const { account } = this.#options;
    this.#drop(item);
    const cut = fact.play !== undefined && (fact.kind === 'interrupted' || fact.kind === 'failed');
    const rest = item.repetitions + 1;
    if (cut && fact.code !== undefined && rest < item.order.repeat.count)
      account.note(this.#passed(item, fact.code as ErrorCode, rest));
    account.tellEnd(item, fact);
  }

  /** Its next repetition will not begin any more: told, and the one after it is next. */
  pass(item: PlayItem, code: ErrorCode): void {
    const fact = this.#passed(item, code);
    item.repetitionDone();
    item.blockedBy = null;
    this.#options.account.tell(item, fact);
  }

  /** It will not begin, or not go on, any more. What has sounded of it before is told already; that nothing follows is told here. */
  giveUp(item: PlayItem, code: ErrorCode): void {
    const { keeper, log } = this.#options;
    if (item.plays === 0) {
      const kind = FAILURES.includes(code) ? 'failed' : 'missed';
      const { plannedAt } = item;
      this.end(item, orderFact(kind, item, factTime(keeper.time), { code, plannedAt }));
      return;
    }
    log.info('not gone on with', { orderId: item.id, code, repetitions: item.repetitions });
    this.end(item, this.#passed(item, code));
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

  /** The repetition that comes after so many will not sound, or what is left of it. */
  #passed(item: PlayItem, code: ErrorCode, repetitions = item.repetitions): JournalFact {
    const plannedAt = item.plannedAtOf(repetitions);
    const repetition = repetitions + 1;
    return orderFact('missed', item, factTime(this.#options.keeper.time), { code, plannedAt, repetition });
  }
}

import { addressGroup } from '#kit';

/** Why one more unauthenticated connection is refused. */
export type PendingRefusal = 'address_limit' | 'pending_limit';

export interface PendingLimits {
  /** Connections of one address (of IPv6: of one /64) that have not authenticated yet. */
  readonly perAddress: number;
  /** The same for all addresses together. */
  readonly total: number;
}

/**
 * Counts connections between accept and authentication. Authenticated ones are not counted: carriers put a whole commune's
 * loudspeakers behind one address.
 */
export class PendingConnections {
  readonly #limits: PendingLimits;
  readonly #perAddress = new Map<string, number>();
  #total = 0;

  constructor(limits: PendingLimits) {
    this.#limits = limits;
  }

  get total(): number {
    return this.#total;
  }

  /** Counts one more, or says why not. What was counted must be released exactly once. */
  admit(address: string): PendingRefusal | undefined {
    const group = addressGroup(address);
    const here = this.#perAddress.get(group) ?? 0;
    if (here >= this.#limits.perAddress) return 'address_limit';
    if (this.#total >= this.#limits.total) return 'pending_limit';
    this.#perAddress.set(group, here + 1);
    this.#total += 1;
    return undefined;
  }

  /** Takes one back: it authenticated or went away. */
  release(address: string): void {
    const group = addressGroup(address);
    const here = this.#perAddress.get(group) ?? 0;
    if (here <= 1) this.#perAddress.delete(group);
    else this.#perAddress.set(group, here - 1);
    this.#total = Math.max(0, this.#total - 1);
  }
}

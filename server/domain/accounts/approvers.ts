import type { Clock } from '#kit';
import type { AreaDirectory } from '../areas/area-directory.ts';
import { grantsInForce } from './account.ts';
import type { AccountDirectory } from './account-directory.ts';
import { GRANTS } from './roles.ts';

/** A person who may approve. */
export interface Approver {
  readonly name: string;
  /** With the login name behind it where another person is called the same. */
  readonly displayName: string;
}

/** As many names as help somebody who looks for one. */
const MOST_NAMES = 5;

/** Says whose approval an area needs. */
export class Approvers {
  readonly #accounts: AccountDirectory;
  readonly #areas: AreaDirectory;
  readonly #clock: Clock;

  constructor(options: {
    readonly accounts: AccountDirectory;
    readonly areas: AreaDirectory;
    readonly clock: Clock;
  }) {
    this.#accounts = options.accounts;
    this.#areas = options.areas;
    this.#clock = options.clock;
  }

  /** Who answers for each of these areas at this moment, in their order: those of the nearest level that has any, by name. */
  of(areaIds: readonly string[]): Approver[][] {
    if (areaIds.length === 0) return [];
    const { tree } = this.#areas;
    const byArea = this.#byArea();
    return areaIds.map((areaId) => {
      const ancestry = tree.has(areaId) ? tree.ancestry(areaId).reverse() : [];
      const level = ancestry.find((id) => byArea.has(id));
      return (byArea.get(level ?? '') ?? []).slice(0, MOST_NAMES);
    });
  }

  #byArea(): ReadonlyMap<string, Approver[]> {
    const now = this.#clock.now();
    const byArea = new Map<string, Approver[]>();
    const accounts = this.#accounts.all().sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const account of accounts)
      for (const { role, areas } of grantsInForce(account, now)) {
        if (!GRANTS[role].includes('announcement:approve')) continue;
        const { name } = account;
        const displayName = this.#accounts.calledBy(name);
        for (const id of areas) {
          const known = byArea.get(id) ?? [];
          byArea.set(id, known);
          if (!known.some((one) => one.name === name)) known.push({ name, displayName });
        }
      }
    return byArea;
  }
}

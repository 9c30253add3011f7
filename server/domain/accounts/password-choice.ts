import type { AreaDirectory } from '../areas/area-directory.ts';
import type { TimedGrant } from './account.ts';
import { knownPasswords } from './known-passwords.ts';
import type { PasswordHasher } from './password-hash.ts';
import { checkPassword } from './password-rules.ts';

/** Who chooses a password: what everybody knows of the person must not be it. */
export interface Chooser {
  readonly name: string;
  readonly displayName: string;
  readonly grants: readonly Pick<TimedGrant, 'areas'>[];
}

/** A newly chosen password: judged by the rules, then hashed. */
export class PasswordChoice {
  readonly #hasher: PasswordHasher;
  readonly #areas: Pick<AreaDirectory, 'tree'>;

  constructor(options: { readonly hasher: PasswordHasher; readonly areas: Pick<AreaDirectory, 'tree'> }) {
    this.#hasher = options.hasher;
    this.#areas = options.areas;
  }

  /** The hash to keep. Throws `password.*` and `login.busy`. */
  async take({ name, displayName, grants }: Chooser, password: string): Promise<string> {
    const { tree } = this.#areas;
    const places = grants
      .flatMap(({ areas }) => areas)
      .filter((id) => tree.has(id))
      .flatMap((id) => tree.ancestry(id))
      .map((id) => tree.get(id).name);
    const names = ['loa làng', 'truyền thanh', 'mật khẩu', name, displayName, ...places];
    checkPassword(password, names, await knownPasswords());
    return this.#hasher.hash(password);
  }
}

import { type Clock, Lifecycle } from '#kit';
import {
  exportSigningKey,
  generateSigningKey,
  importSigningKey,
  KeyRing,
  type KeyUse,
  type SigningKey,
  sha256,
  signDocument,
  signKeyStatement,
  type VerifiedDocument,
  verifyDocument,
} from '#protocols';
import type { KeyVault } from './key-vault.ts';
import { followStatements, statementPayload } from './statement-chain.ts';

/** A signed document in its exact bytes, and the SHA-256 of them. */
export interface SignedDocument {
  readonly document: string;
  readonly hash: string;
}

/** What other services need of the keys: to sign, and to recognise what was signed here. */
export interface DocumentSigner {
  sign(use: KeyUse, payload: object): Promise<SignedDocument>;
  /** Throws what `verifyDocument` throws. */
  verify(use: KeyUse, document: string): Promise<VerifiedDocument>;
}

/** What the operational key may sign. */
const OPERATIONAL_USES = [
  'order',
  'assignment',
  'plan',
  'latch',
  'time',
] as const satisfies readonly KeyUse[];

export interface KeyServiceOptions {
  readonly vault: KeyVault;
  readonly clock: Clock;
}

/**
 * The controller's keys. At first start it makes a root key, an operational key and statement 1, in an order that may be cut off
 * anywhere and is taken up again by the next start. Later starts check that the statements name the operational key.
 */
export class KeyService extends Lifecycle implements DocumentSigner {
  readonly #vault: KeyVault;
  readonly #clock: Clock;
  #operational: SigningKey | undefined;
  #statements: readonly string[] = [];
  #ring: KeyRing = KeyRing.pinned([]);
  #roots: readonly string[] = [];

  constructor(options: KeyServiceOptions) {
    super();
    this.#vault = options.vault;
    this.#clock = options.clock;
  }

  protected async onStart(): Promise<void> {
    const statements = await this.#vault.readStatements();
    const operational = await this.#keyOrNew('operational');
    if (statements.length === 0) statements.push(await this.#firstStatement(operational));
    const hasRoot = async () => (await this.#vault.readKey('root')) !== null;
    try {
      await this.#adopt(statements, operational);
    } catch (error) {
      // A rotation that was cut off between its two files: the key that is here is named anew.
      if (!(await hasRoot())) throw error;
      await this.#nameAgain(statements, operational);
    }
    // A folder of an earlier version: the key may sign more by now. Without the root key the rest works on.
    if (this.missingUses.length > 0 && (await hasRoot()))
      await this.#nameAgain(this.#statements, operational);
  }

  /** What the statements in force do not let the operational key sign: signing that fails until the root key was there at a start. */
  get missingUses(): readonly KeyUse[] {
    const kid = this.#operational?.kid ?? '';
    return OPERATIONAL_USES.filter((use) => this.#ring.find(kid, use) === undefined);
  }

  /** Raw root keys in force, base64url: what a loudspeaker pins at enrolment. */
  get rootKeys(): readonly string[] {
    return this.#roots;
  }

  /** Number of the newest key statement. */
  get statementNumber(): number {
    return this.#ring.n;
  }

  /** The statements that follow number `n`, oldest first: what a speaker that was away asks for. */
  statementsAfter(n: number): readonly string[] {
    return this.#statements.slice(Math.max(0, n));
  }

  async sign(use: KeyUse, payload: object): Promise<SignedDocument> {
    if (this.#operational === undefined) throw new Error('the key service is not started');
    if (this.#ring.find(this.#operational.kid, use) === undefined)
      throw new Error(
        `the key statements do not let the operational key sign for "${use}": put root.pem into the key folder and start again`,
      );
    const document = await signDocument(use, payload, this.#operational);
    return { document, hash: sha256(document) };
  }

  verify(use: KeyUse, document: string): Promise<VerifiedDocument> {
    return verifyDocument(use, document, this.#ring);
  }

  /**
   * Replaces the operational key: a new one is made, and a statement signed by the root names it alone. Documents signed before are
   * no longer recognised. Needs the root key in the vault.
   */
  async rotate(): Promise<void> {
    const root = await this.#root();
    const next = generateSigningKey();
    const previous = this.#statements.at(-1);
    const statement = await this.#statement(root, next, this.#ring.n + 1, previous ? sha256(previous) : null);
    // The statement goes first: what was already told to speakers must not be told otherwise. See `onStart` for a cut between.
    const statements = [...this.#statements, statement];
    await this.#vault.writeStatements(statements);
    await this.#vault.writeKey('operational', exportSigningKey(next));
    await this.#adopt(statements, next);
  }

  async #adopt(statements: readonly string[], operational: SigningKey): Promise<void> {
    const { ring, roots } = await followStatements(statements, operational.kid);
    this.#ring = ring;
    this.#roots = roots;
    this.#statements = statements;
    this.#operational = operational;
  }

  async #nameAgain(statements: readonly string[], operational: SigningKey): Promise<void> {
    const previous = statements.at(-1) ?? '';
    const n = (statementPayload(previous)?.n ?? 0) + 1;
    const statement = await this.#statement(await this.#root(), operational, n, sha256(previous));
    const next = [...statements, statement];
    await this.#vault.writeStatements(next);
    await this.#adopt(next, operational);
  }

  async #firstStatement(operational: SigningKey): Promise<string> {
    const root = await this.#keyOrNew('root');
    const statement = await this.#statement(root, operational, 1, null);
    await this.#vault.writeStatements([statement]);
    return statement;
  }

  #statement(
    root: SigningKey,
    { kid, publicKey }: SigningKey,
    n: number,
    previous: string | null,
  ): Promise<string> {
    const keys = [{ kid, publicKey, uses: [...OPERATIONAL_USES] }];
    const issuedAt = Math.floor(this.#clock.now());
    return signKeyStatement({ v: 1, n, previous, roots: [root.publicKey], keys, issuedAt }, root);
  }

  async #root(): Promise<SigningKey> {
    const pem = await this.#vault.readKey('root');
    if (pem === null)
      throw new Error('the root key is not in the key folder: put root.pem there and try again');
    return importSigningKey(pem);
  }

  async #keyOrNew(name: 'root' | 'operational'): Promise<SigningKey> {
    const pem = await this.#vault.readKey(name);
    if (pem !== null) return importSigningKey(pem);
    const key = generateSigningKey();
    await this.#vault.writeKey(name, exportSigningKey(key));
    return key;
  }
}

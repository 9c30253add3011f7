import { decodeProtectedHeader } from 'jose';
import { type Clock, Lifecycle } from '#kit';
import {
  DomainError,
  exportSigningKey,
  generateSigningKey,
  importSigningKey,
  KeyRing,
  type KeyUse,
  keyId,
  type ROOT_USES,
  type SigningKey,
  type StatementMark,
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
  /** Whether a document of ours was signed with the key in use now. After a rotation others are signed again. */
  isCurrent(document: string): boolean;
}

/** What the operational key may sign. */
const OPERATIONAL_USES = [
  'order',
  'assignment',
  'plan',
  'latch',
  'time',
  'audit',
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
  #signer = '';

  constructor(options: KeyServiceOptions) {
    super();
    this.#vault = options.vault;
    this.#clock = options.clock;
  }

  protected async onStart(): Promise<void> {
    const statements = await this.#vault.readStatements();
    await this.#finishNewRoot(statements);
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
    await this.#vouch();
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

  /** The raw root key that signed the newest statement, base64url: what paper names, because every later statement follows from it. */
  get statingRoot(): string {
    return this.#signer;
  }

  /** Number of the newest key statement. */
  get statementNumber(): number {
    return this.#ring.n;
  }

  /** The newest key statement, as a loudspeaker is told of it at its enrolment. */
  get newestStatement(): StatementMark {
    return { n: this.#ring.n, sha256: sha256(this.#statements.at(-1) ?? '') };
  }

  /** Name of the operational key. */
  get keyId(): string {
    return this.#operational?.kid ?? '';
  }

  /** Whether the root key is in the vault, and not offline. */
  async hasRoot(): Promise<boolean> {
    return (await this.#vault.readKey('root')) !== null;
  }

  isCurrent(document: string): boolean {
    return decodeProtectedHeader(document).kid === this.#operational?.kid;
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
   * no longer recognised, and whoever holds the old key can sign nothing more. `offline`: the root key (PEM), where it is not in the vault. Throws
   * `key.root_missing`, `key.not_a_root`.
   */
  async rotate(offline?: string): Promise<void> {
    const root = await this.#root(offline);
    const next = generateSigningKey();
    const statement = await this.#next(root, next, this.#roots);
    // The statement goes first: what was already told to speakers must not be told otherwise. See `onStart` for a cut between.
    const statements = [...this.#statements, statement];
    await this.#vault.writeStatements(statements);
    await this.#vault.writeKey('operational', exportSigningKey(next));
    await this.#adopt(statements, next);
  }

  /**
   * Puts a new root key in the place of the old one, and names spare roots (raw public keys) that may sign the statement after that. Loudspeakers follow without a
   * visit: the old root signs. `offline` as in `rotate`; the new root lies in the vault afterwards. Throws `key.root_missing`, `key.not_a_root`.
   */
  async newRoot(spares: readonly string[] = [], offline?: string): Promise<void> {
    const root = await this.#root(offline);
    if (this.#operational === undefined) throw new Error('the key service is not started');
    const next = generateSigningKey();
    // First to the disk: a root that was named and lost would be the end of every rotation.
    await this.#vault.writeKey('next-root', exportSigningKey(next));
    const statement = await this.#next(root, this.#operational, [next.publicKey, ...spares]);
    const statements = [...this.#statements, statement];
    await this.#vault.writeStatements(statements);
    await this.#finishNewRoot(statements);
    await this.#adopt(statements, this.#operational);
    await this.#vouch();
  }

  /** Signs with the root key. `offline` as in `rotate`. Throws `key.root_missing`, `key.not_a_root`. */
  async signAsRoot(
    use: (typeof ROOT_USES)[number],
    payload: object,
    offline?: string,
  ): Promise<SignedDocument> {
    const document = await signDocument(use, payload, await this.#root(offline));
    return { document, hash: sha256(document) };
  }

  /** The root key (PEM), to be written down and taken away with `forgetRoot`. Throws `key.root_missing`. */
  async exportRoot(): Promise<string> {
    return exportSigningKey(await this.#root());
  }

  /** Takes the root key out of the vault. Nothing that is signed from day to day needs it. */
  async forgetRoot(): Promise<void> {
    await this.#vault.removeKey('root');
  }

  /**
   * The newest statement is signed by a root that it names: the one that a root was named in is signed by the root before. Who pins the new root alone, at an enrolment
   * from now on, would find nothing that it believes. Without the root key here it stays as it is.
   */
  async #vouch(): Promise<void> {
    const last = this.#statements.at(-1);
    const operational = this.#operational;
    const pem = await this.#vault.readKey('root');
    if (last === undefined || operational === undefined || pem === null) return;
    const signer = decodeProtectedHeader(last).kid;
    const named = this.#roots.map((root) => keyId(root));
    if (named.includes(signer ?? '') || !named.includes(importSigningKey(pem).kid)) return;
    await this.#nameAgain(this.#statements, operational);
  }

  /** Takes up a change of the root that was cut off: one that is named takes its place, one that is not was never told to anybody. */
  async #finishNewRoot(statements: readonly string[]): Promise<void> {
    const pem = await this.#vault.readKey('next-root');
    if (pem === null) return;
    if ((statementPayload(statements.at(-1))?.roots ?? []).includes(importSigningKey(pem).publicKey))
      await this.#vault.writeKey('root', pem);
    await this.#vault.removeKey('next-root');
  }

  /** Statement n + 1. */
  #next(root: SigningKey, operational: SigningKey, roots: readonly string[]): Promise<string> {
    const previous = this.#statements.at(-1);
    return this.#statement(root, operational, this.#ring.n + 1, previous ? sha256(previous) : null, roots);
  }

  async #adopt(statements: readonly string[], operational: SigningKey): Promise<void> {
    const { ring, roots, signers } = await followStatements(statements, operational.kid);
    this.#ring = ring;
    this.#roots = roots;
    this.#signer = signers.at(-1) ?? '';
    this.#statements = statements;
    this.#operational = operational;
  }

  async #nameAgain(statements: readonly string[], operational: SigningKey): Promise<void> {
    const previous = statements.at(-1) ?? '';
    const n = (statementPayload(previous)?.n ?? 0) + 1;
    const roots = statementPayload(statements.at(-1))?.roots ?? [];
    const statement = await this.#statement(await this.#root(), operational, n, sha256(previous), roots);
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
    roots: readonly string[] = [root.publicKey],
  ): Promise<string> {
    const keys = [{ kid, publicKey, uses: [...OPERATIONAL_USES] }];
    const issuedAt = Math.floor(this.#clock.now());
    return signKeyStatement({ v: 1, n, previous, roots: [...roots], keys, issuedAt }, root);
  }

  async #root(offline?: string): Promise<SigningKey> {
    const pem = offline ?? (await this.#vault.readKey('root'));
    if (pem === null) throw new DomainError('key.root_missing');
    const root = importSigningKey(pem);
    if (this.#roots.length > 0 && !this.#roots.includes(root.publicKey))
      throw new DomainError('key.not_a_root', { keyId: root.kid });
    return root;
  }

  async #keyOrNew(name: 'root' | 'operational'): Promise<SigningKey> {
    const pem = await this.#vault.readKey(name);
    if (pem !== null) return importSigningKey(pem);
    const key = generateSigningKey();
    await this.#vault.writeKey(name, exportSigningKey(key));
    return key;
  }
}

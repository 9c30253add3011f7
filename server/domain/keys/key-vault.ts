/**
 * The private keys that a controller may hold. The root may be taken away and kept offline; the next root is there while it takes the
 * root's place. `data` seals what lies in the database and has to be read again.
 */
export type KeyName = 'root' | 'operational' | 'next-root' | 'data';

/** Where keys and statements are kept: outside the database, so that a copied database signs nothing. */
export interface KeyVault {
  /** PKCS #8 in PEM (`data`: base64url), or null when there is none. */
  readKey(name: KeyName): Promise<string | null>;
  /** Stores a key durably, readable by its owner alone. */
  writeKey(name: KeyName, text: string): Promise<void>;
  /** Takes a key away, durably; one that is not there is no failure. */
  removeKey(name: KeyName): Promise<void>;
  /** Every key statement in its exact bytes, number 1 first. */
  readStatements(): Promise<string[]>;
  writeStatements(statements: readonly string[]): Promise<void>;
  /** Documents that move loudspeakers to another controller, in their exact bytes. */
  readRehomes(): Promise<string[]>;
  writeRehomes(documents: readonly string[]): Promise<void>;
}

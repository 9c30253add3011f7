import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { type Clock, type Milliseconds, repeat, writeFileAtomic } from '#kit';
import type { Certificate } from '../domain/keys/certificates.ts';
import type { TrustAnchors } from '../domain/keys/trust-anchors.ts';
import { plausible } from '../domain/time/plausible.ts';
import { CertificateBox } from './certificate-box.ts';
import { type Issued, issueServer, makeAuthority } from './issue.ts';

/** The machine may get another address, and its clock may be set, at any time. */
const LOOK_EVERY_MS: Milliseconds = 10 * 60_000;
/** With less than this left a certificate is renewed. */
const RENEW_MS: Milliseconds = 30 * 24 * 3_600_000;

export interface OwnCertificatesOptions {
  /** The key folder. */
  readonly folder: string;
  readonly clock: Clock;
  /** Host names and addresses at which we are found, the public one first. */
  readonly names: () => readonly string[];
  readonly onError: (error: unknown) => void;
}

/**
 * Certificates of an authority of our own, made at the first start: `ca-key.pem` and `ca.pem`, and below them `tls-key.pem` and `tls.pem`, all of mode
 * 0600. The server's one is renewed in time, when the machine is found under other names, and when the clock says that it holds no more.
 */
export class OwnCertificates extends CertificateBox implements TrustAnchors {
  readonly #options: OwnCertificatesOptions;
  #authority: string | null = null;

  constructor(options: OwnCertificatesOptions) {
    super();
    this.#options = options;
  }

  ca(): string | null {
    return this.#authority;
  }

  protected async onStart(): Promise<void> {
    const { clock, folder, onError } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await this.#look();
    const timer = repeat(clock, 'own certificate', LOOK_EVERY_MS, () => this.#look(), onError);
    this.disposers.defer('own certificate', () => timer.cancel());
  }

  async #look(): Promise<void> {
    const { clock, names } = this.#options;
    const held = await this.#pair('tls-key.pem', 'tls.pem');
    const cert = await this.#read('ca.pem');
    const wanted = names();
    const now = plausible(clock.now());
    if (held !== null && cert !== null && serves(held, cert, wanted, now)) {
      this.#authority = cert;
      this.use(held);
      return;
    }
    const authority = await this.#keepAuthority(now);
    this.#authority = authority.cert;
    const issued = await issueServer(authority, wanted, now);
    // A cut between the two leaves a pair that does not fit: it is issued again.
    await this.#write('tls-key.pem', issued.key);
    await this.#write('tls.pem', issued.cert);
    this.use(issued);
  }

  async #keepAuthority(now: number): Promise<Issued> {
    const held = await this.#pair('ca-key.pem', 'ca.pem');
    if (held !== null) return held;
    if ((await this.#read('ca.pem')) !== null)
      // Another authority would shut out every loudspeaker that pins this one.
      throw new Error(
        'ca.pem is in the key folder without its ca-key.pem: put the key folder of one backup back',
      );
    const made = await makeAuthority(now);
    await this.#write('ca-key.pem', made.key);
    await this.#write('ca.pem', made.cert);
    return made;
  }

  /** A key and its certificate; null when one is missing or they do not belong together. */
  async #pair(keyFile: string, certFile: string): Promise<Certificate | null> {
    const [key, cert] = [await this.#read(keyFile), await this.#read(certFile)];
    if (key === null || cert === null) return null;
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)) ? { key, cert } : null;
  }

  async #read(name: string): Promise<string | null> {
    try {
      return await readFile(join(this.#options.folder, name), 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    }
  }

  #write(name: string, text: string): Promise<void> {
    return writeFileAtomic(join(this.#options.folder, name), text, 0o600);
  }
}

/** Whether a certificate can go on being used: signed by this authority, for all these names, valid now and for a while. */
function serves({ cert }: Certificate, authority: string, names: readonly string[], now: number): boolean {
  const certificate = new X509Certificate(cert);
  const issuer = new X509Certificate(authority);
  return (
    certificate.checkIssued(issuer) &&
    certificate.verify(issuer.publicKey) &&
    Date.parse(certificate.validFrom) <= now &&
    now < Date.parse(certificate.validTo) - RENEW_MS &&
    names.every(
      (name) => (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined,
    )
  );
}

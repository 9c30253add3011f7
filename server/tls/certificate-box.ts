import { createSecureContext } from 'node:tls';
import { Lifecycle } from '#kit';
import type { Certificate, CertificateSource } from '../domain/keys/certificates.ts';

/** Holds the certificate in use and tells of a new one. */
export abstract class CertificateBox extends Lifecycle implements CertificateSource {
  readonly #listeners = new Set<(certificate: Certificate) => void>();
  #current: Certificate | null = null;

  get current(): Certificate | null {
    return this.#current;
  }

  onChange(listener: (certificate: Certificate) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Puts one in use, unless it is that already. Throws what OpenSSL says of a pair that does not fit; the old one stays then. */
  protected use(certificate: Certificate): void {
    if (this.#current?.key === certificate.key && this.#current.cert === certificate.cert) return;
    createSecureContext({ key: certificate.key, cert: certificate.cert });
    this.#current = certificate;
    for (const listener of this.#listeners) listener(certificate);
  }
}

/** A private key and its certificate with the chain, both PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** Where our ports get their certificate from. A new one is for new connections: those that stand go on. */
export interface CertificateSource {
  /** Null before the start. */
  readonly current: Certificate | null;
  /** Calls `listener` with each new certificate. */
  onChange(listener: (certificate: Certificate) => void): () => void;
}

/** How our ports speak TLS. */
export interface TlsSettings {
  readonly certificates: CertificateSource;
  /** PEM of the authority whose certificates loudspeakers must show; null: their secret alone lets them in. */
  readonly clientCa: string | null;
}

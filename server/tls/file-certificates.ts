import { readFile } from 'node:fs/promises';
import { type Clock, type Milliseconds, repeat } from '#kit';
import { CertificateBox } from './certificate-box.ts';

/** A renewed certificate is in use this soon. */
const LOOK_EVERY_MS: Milliseconds = 10_000;

export interface FileCertificatesOptions {
  readonly keyFile: string;
  readonly certFile: string;
  readonly clock: Clock;
  /** New files that cannot be used: the old ones stay in use. */
  readonly onError: (error: unknown) => void;
}

/** A certificate that somebody else renews (certbot, an office's own authority): read again when its files change. */
export class FileCertificates extends CertificateBox {
  readonly #options: FileCertificatesOptions;
  /** What the last look failed with, and whether that was told. */
  #failure: { readonly reason: string; readonly told: boolean } | null = null;

  constructor(options: FileCertificatesOptions) {
    super();
    this.#options = options;
  }

  protected async onStart(): Promise<void> {
    const { clock, onError } = this.#options;
    await this.#read();
    const timer = repeat(clock, 'certificate files', LOOK_EVERY_MS, () => this.#look(), onError);
    this.disposers.defer('certificate files', () => timer.cancel());
  }

  async #look(): Promise<void> {
    try {
      await this.#read();
      this.#failure = null;
    } catch (error) {
      // Two files are never replaced in one instant: only what is still wrong at the next look is told, and once.
      const reason = String(error);
      const again = this.#failure?.reason === reason;
      if (again && this.#failure?.told === false) this.#options.onError(error);
      this.#failure = { reason, told: again };
    }
  }

  async #read(): Promise<void> {
    const { keyFile, certFile } = this.#options;
    this.use({ key: await readFile(keyFile, 'utf8'), cert: await readFile(certFile, 'utf8') });
  }
}

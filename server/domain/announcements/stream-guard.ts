import { DomainError, isAddress, type Stream, StreamRules, streamHost } from '#protocols';

/** The addresses of a host, as text. Throws where there are none. */
export type ResolveHost = (host: string) => Promise<readonly string[]>;

/** Says of a station's URL, when it is entered, whether it may be relayed. Loudspeakers ask the same again at every connection. */
export class StreamGuard {
  readonly #resolve: ResolveHost;
  readonly #rules: StreamRules;

  /** `allow`: host names, addresses and networks ("10.0.0.0/24"). */
  constructor(options: { readonly resolve: ResolveHost; readonly allow: readonly string[] }) {
    this.#resolve = options.resolve;
    this.#rules = new StreamRules(options.allow);
  }

  /** Looks the host up, so it is asked before a transaction. Throws `announcement.stream_refused`. */
  async check(stream: Pick<Stream, 'url'> | null | undefined): Promise<void> {
    if (stream === null || stream === undefined) return;
    const host = streamHost(stream.url);
    if (host === undefined) throw refused(stream.url.slice(0, 100), 'it is no URL');
    if (this.#rules.allowsHost(host)) return;
    for (const address of await this.#addressesOf(host)) {
      if (this.#rules.allowsAddress(address)) continue;
      throw refused(host, `${address} is not an address of the public Internet`);
    }
  }

  async #addressesOf(host: string): Promise<readonly string[]> {
    if (isAddress(host)) return [host];
    const addresses = await this.#resolve(host).catch(() => []);
    if (addresses.length === 0) throw refused(host, 'the name cannot be looked up');
    return addresses;
  }
}

function refused(host: string, reason: string): DomainError {
  return new DomainError('announcement.stream_refused', { host, reason });
}

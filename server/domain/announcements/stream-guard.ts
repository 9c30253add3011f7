import ipaddr from 'ipaddr.js';
import { DomainError, type Stream } from '#protocols';

/** The addresses of a host, as text. Throws where there are none. */
export type ResolveHost = (host: string) => Promise<readonly string[]>;

/**
 * Which stations may be relayed. A URL is fetched by every loudspeaker, from inside the networks that they stand in: only addresses of the
 * public Internet are taken, unless the operator named the host, its address or its network.
 */
export class StreamGuard {
  readonly #resolve: ResolveHost;
  readonly #hosts: ReadonlySet<string>;
  readonly #networks: readonly [ipaddr.IPv4 | ipaddr.IPv6, number][];

  /** `allow`: host names, addresses and networks ("10.0.0.0/24"). */
  constructor(options: { readonly resolve: ResolveHost; readonly allow: readonly string[] }) {
    this.#resolve = options.resolve;
    this.#networks = options.allow.flatMap((entry) => {
      if (ipaddr.isValidCIDR(entry)) return [ipaddr.parseCIDR(entry)];
      if (!ipaddr.isValid(entry)) return [];
      const address = ipaddr.process(entry);
      return [[address, address.kind() === 'ipv4' ? 32 : 128]];
    });
    this.#hosts = new Set(options.allow.map((entry) => entry.toLowerCase()));
  }

  /** Looks the host up, so it is asked before a transaction. Throws `announcement.stream_refused`. */
  async check(stream: Pick<Stream, 'url'> | null | undefined): Promise<void> {
    if (stream === null || stream === undefined) return;
    const host = hostOf(stream.url);
    if (this.#hosts.has(host)) return;
    for (const address of await this.#addressesOf(host)) {
      if (this.#allowed(address)) continue;
      throw refused(host, `${address} is not an address of the public Internet`);
    }
  }

  async #addressesOf(host: string): Promise<readonly string[]> {
    if (ipaddr.isValid(host)) return [host];
    const addresses = await this.#resolve(host).catch(() => []);
    if (addresses.length === 0) throw refused(host, 'the name cannot be looked up');
    return addresses;
  }

  #allowed(text: string): boolean {
    if (!ipaddr.isValid(text)) return false;
    // An IPv4 address in the clothes of IPv6 is what it is.
    const address = ipaddr.process(text);
    if (address.range() === 'unicast') return true;
    return this.#networks.some(([net, bits]) => net.kind() === address.kind() && address.match(net, bits));
  }
}

/** As the URL standard reads it: "0x7f.1" is 127.0.0.1. */
function hostOf(url: string): string {
  try {
    return new URL(url).hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  } catch {
    throw refused(url.slice(0, 100), 'it is no URL');
  }
}

function refused(host: string, reason: string): DomainError {
  return new DomainError('announcement.stream_refused', { host, reason });
}

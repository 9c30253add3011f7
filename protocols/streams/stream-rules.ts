import ipaddr from 'ipaddr.js';

/**
 * From where another station's stream may come. Every loudspeaker fetches it from inside the network that it stands in, so only addresses of the public
 * Internet are taken, unless the operator named the host, its address or its network. Both ends ask the same.
 */
export class StreamRules {
  readonly #hosts: ReadonlySet<string>;
  readonly #networks: readonly [ipaddr.IPv4 | ipaddr.IPv6, number][];

  /** `allow`: host names, addresses and networks ("10.0.0.0/24"). */
  constructor(allow: readonly string[]) {
    this.#networks = allow.flatMap((entry) => {
      if (ipaddr.isValidCIDR(entry)) return [ipaddr.parseCIDR(entry)];
      if (!ipaddr.isValid(entry)) return [];
      const address = ipaddr.process(entry);
      return [[address, address.kind() === 'ipv4' ? 32 : 128]];
    });
    this.#hosts = new Set(allow.map((entry) => entry.toLowerCase()));
  }

  /** Whether a host was named, whatever its addresses are. `host` as `streamHost` gives it. */
  allowsHost(host: string): boolean {
    return this.#hosts.has(host);
  }

  /** Whether a stream may come from this address, given as text. */
  allowsAddress(text: string): boolean {
    if (!ipaddr.isValid(text)) return false;
    // An IPv4 address in the clothes of IPv6 is what it is.
    const address = ipaddr.process(text);
    if (address.range() === 'unicast') return true;
    return this.#networks.some(([net, bits]) => net.kind() === address.kind() && address.match(net, bits));
  }
}

/** The host of a URL as the URL standard reads it ("0x7f.1" is 127.0.0.1), without brackets and final dot; undefined for what is no URL. */
export function streamHost(url: string): string | undefined {
  try {
    return new URL(url).hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  } catch {
    return undefined;
  }
}

/** Whether a host is an address already. */
export function isAddress(host: string): boolean {
  return ipaddr.isValid(host);
}

import { Agent as HttpsAgent } from 'node:https';
import type { ContentOrigin } from '../content-origin.ts';

/** A certificate of the loudspeaker's own, PEM, for a controller that asks for one. */
export interface ClientCertificate {
  readonly key: string;
  readonly cert: string;
}

/** What a TLS connection to the controller is verified with, and what it shows. */
export interface TlsTrust {
  readonly ca?: string;
  readonly key?: string;
  readonly cert?: string;
}

/** One per authority and certificate: connections and sessions are shared by the agents of a process. */
const agents = new Map<string, HttpsAgent>();

export interface EndpointsOptions {
  /** Where the controller was when this loudspeaker was entered. */
  readonly url: string;
  /** The authority that is pinned; public ones where it is left out. */
  readonly ca?: string | undefined;
  readonly clientCertificate?: ClientCertificate | undefined;
  readonly speakerId: string;
  readonly secret: string;
  /** Further addresses, as the assignment says. */
  readonly more: () => readonly string[];
}

/**
 * The controller's addresses: the enrolled one, which is never given up, and those that the assignment adds. Files are fetched from the HTTP address that the
 * connection was made to.
 */
export class Endpoints implements ContentOrigin {
  readonly #options: EndpointsOptions;
  readonly headers: Readonly<Record<string, string>>;
  readonly trust: TlsTrust;
  readonly agent: HttpsAgent;
  #inUse: string | undefined;

  constructor(options: EndpointsOptions) {
    const { speakerId, secret, ca, clientCertificate } = options;
    this.#options = options;
    this.headers = {
      authorization: `Basic ${Buffer.from(`${speakerId}:${secret}`).toString('base64')}`,
    };
    this.trust = { ...(ca === undefined ? {} : { ca }), ...clientCertificate };
    const name = JSON.stringify(this.trust);
    this.agent = agents.get(name) ?? new HttpsAgent({ ...this.trust, keepAlive: true, timeout: 5_000 });
    agents.set(name, this.agent);
  }

  /** In the order in which they are tried. Where the enrolled one has TLS, none without it: the secret is not shown to the line. */
  all(): readonly string[] {
    const { url, more } = this.#options;
    const secure = isSecure(url);
    return [...new Set([url, ...more().filter((address) => !secure || isSecure(address))])];
  }

  /** HTTP address in use, without trailing slash. */
  get url(): string {
    const inUse = this.#inUse;
    return inUse !== undefined && this.all().includes(inUse) ? inUse : this.#options.url;
  }

  /** A connection is made to this address now. One that is MQTT's alone leaves files where they were. */
  use(address: string): void {
    if (/^https?:/.test(address)) this.#inUse = address;
  }
}

function isSecure(address: string): boolean {
  return /^(?:https|wss|mqtts):/.test(address);
}

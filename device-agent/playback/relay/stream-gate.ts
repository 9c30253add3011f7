import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, isIPv6, type Server, type Socket } from 'node:net';
import { isAddress, StreamRules, streamHost } from '#protocols';

/** The addresses of a host, as text. Rejects where there are none. */
export type ResolveHost = (host: string) => Promise<readonly string[]>;

/** This machine's own look-up. */
export const resolveHost: ResolveHost = async (host) =>
  (await lookup(host, { all: true })).map(({ address }) => address);

const HEAD_BYTES = 16 * 1024;
const HEAD_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 5_000;

const TO_PROXY = /^([A-Z]+) http:\/\/([^/?#\s]+)(\S*) (HTTP\/1\.[01])$/i;
const TO_TUNNEL = /^CONNECT (\S+) HTTP\/1\.[01]$/i;

export interface StreamGateOptions {
  /** Hosts, addresses and networks outside the public Internet from which a stream may come. */
  readonly allow: readonly string[];
  readonly resolve: ResolveHost;
}

/** Where a connection is asked to lead, and what goes over it first. */
interface Wish {
  readonly host: string;
  readonly port: number;
  readonly first: Buffer;
  readonly tunnel: boolean;
}

/**
 * The only way out for the decoder of a relay: a proxy on the loopback that lives as long as one connection to a station. It looks each host up itself,
 * refuses what `StreamRules` refuses, and connects to the very addresses that were checked; so redirects, entries of a playlist and a name server that
 * changes its mind are all asked about. Bytes pass as they are.
 */
export class StreamGate {
  readonly #options: StreamGateOptions;
  readonly #rules: StreamRules;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  /** Why the last connection was not let out. */
  refusal: string | undefined;

  constructor(options: StreamGateOptions) {
    this.#options = options;
    this.#rules = new StreamRules(options.allow);
  }

  /** Opens it; resolves with its address, as a proxy's is written. */
  async open(): Promise<string> {
    const server = createServer((socket) => this.#serve(socket));
    this.#server = server;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Ends everything that goes through it. May be called at any time. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    await closed;
  }

  #serve(socket: Socket): void {
    this.#keep(socket);
    this.#lead(socket).catch((error: unknown) => {
      this.refusal = error instanceof Error ? error.message : String(error);
      socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    });
  }

  async #lead(socket: Socket): Promise<void> {
    const { host, port, first, tunnel } = wishOf(await headOf(socket));
    const far = await this.#connect(host, port);
    if (tunnel) socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    far.write(first);
    socket.pipe(far).pipe(socket);
    for (const [one, other] of [
      [socket, far],
      [far, socket],
    ] as const)
      one.on('close', () => other.destroy());
  }

  /** A connection to an address that was checked. Throws with the reason. */
  async #connect(host: string, port: number): Promise<Socket> {
    const checked = await this.#checked(host);
    const far = connect({
      ...{ host, port },
      // Whatever the name server says by now: these are the ones that were checked.
      lookup: (_host, { all }, answer) => {
        const found = checked.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
        const [one] = found;
        if (all === true || one === undefined) answer(null, found);
        else answer(null, one.address, one.family);
      },
    });
    this.#keep(far);
    far.setTimeout(CONNECT_TIMEOUT_MS, () => far.destroy(new Error(`${host}:${port} does not answer`)));
    await once(far, 'connect');
    // From here the decoder itself notices a silent line.
    far.setTimeout(0);
    return far;
  }

  async #checked(host: string): Promise<readonly string[]> {
    const addresses = isAddress(host)
      ? [host]
      : await this.#options.resolve(host).catch((): readonly string[] => []);
    if (addresses.length === 0) throw new Error(`the name ${host} cannot be looked up`);
    if (this.#rules.allowsHost(host)) return addresses;
    const refused = addresses.find((address) => !this.#rules.allowsAddress(address));
    if (refused === undefined) return addresses;
    const named = refused === host ? host : `${host} is ${refused}, which`;
    throw new Error(`${named} is not in the public Internet, and the controller has not allowed it`);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
  }
}

/** Everything up to and including the empty line, and what came behind it. */
async function headOf(socket: Socket): Promise<{ readonly head: string; readonly rest: Buffer }> {
  let bytes = Buffer.alloc(0);
  socket.setTimeout(HEAD_TIMEOUT_MS, () => socket.destroy());
  return new Promise((resolve, reject) => {
    const more = (part: Buffer) => {
      bytes = Buffer.concat([bytes, part]);
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0 && bytes.length <= HEAD_BYTES) return;
      socket.off('data', more).pause();
      socket.setTimeout(0);
      if (end < 0) reject(new Error('a request of the decoder is too long'));
      else resolve({ head: bytes.toString('latin1', 0, end), rest: bytes.subarray(end + 4) });
    };
    socket.on('data', more);
    socket.on('close', () => reject(new Error('the decoder went away')));
  });
}

function wishOf({ head, rest }: { readonly head: string; readonly rest: Buffer }): Wish {
  const [line = '', ...fields] = head.split('\r\n');
  const [, authority] = TO_TUNNEL.exec(line) ?? [];
  if (authority !== undefined) return { ...placeOf(`https://${authority}`), first: rest, tunnel: true };
  const [, method, place, path, version] = TO_PROXY.exec(line) ?? [];
  if (place === undefined || path === undefined)
    throw new Error('the decoder asked for something that is no stream');
  const target = path.startsWith('/') ? path : `/${path}`;
  const sent = fields.filter((field) => !/^(?:proxy-[a-z-]+|connection):/i.test(field));
  const asked = [`${method} ${target} ${version}`, ...sent, 'Connection: close', '', ''].join('\r\n');
  return {
    ...placeOf(`http://${place}`),
    first: Buffer.concat([Buffer.from(asked, 'latin1'), rest]),
    tunnel: false,
  };
}

function placeOf(url: string): { readonly host: string; readonly port: number } {
  const host = streamHost(url);
  if (host === undefined || host === '') throw new Error(`${url.slice(0, 100)} is no URL`);
  const { port, protocol } = new URL(url);
  return { host, port: Number(port) || (protocol === 'https:' ? 443 : 80) };
}

import { networkInterfaces } from 'node:os';
import { urlOf } from './values.ts';
import { ConfigError } from './variables.ts';

const EXPECTED = 'an address like "http://192.168.1.10:8080" or "https://loa.xa-tan-an.vn", without a path';

/** The configured address without trailing slash. Throws `ConfigError`. */
export function parsePublicUrl(text: string): string {
  const url = urlOf('publicUrl', text, ['http', 'https'], EXPECTED);
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '')
    throw new ConfigError('publicUrl', text, EXPECTED);
  return url.origin;
}

/** Where others most likely find this machine: the address it listens on, or its first one in the network. */
export function guessPublicUrl(host: string, port: number, scheme: 'http' | 'https'): string {
  const anyAddress = host === '0.0.0.0' || host === '::';
  const address = anyAddress ? (firstAddress() ?? '127.0.0.1') : host;
  return `${scheme}://${address.includes(':') ? `[${address}]` : address}:${port}`;
}

function firstAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
}

import ipaddr from 'ipaddr.js';
import { ConfigError } from './variables.ts';

const HOST = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i;
/** They travel in every assignment. */
const MOST = 64;

/** Hosts, addresses and networks whose streams may be relayed, comma-separated. Throws `ConfigError`. */
export function parseStreamAllow(text: string): readonly string[] {
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  const fits = (entry: string) =>
    ipaddr.isValid(entry) || ipaddr.isValidCIDR(entry) || (HOST.test(entry) && !/^[\d.]+$/.test(entry));
  if (entries.length > MOST)
    throw new ConfigError('streamAllow', `${entries.length} entries`, `${MOST} at most: name networks`);
  const odd = entries.find((entry) => !fits(entry));
  if (odd === undefined) return entries;
  throw new ConfigError('streamAllow', odd, 'host names, addresses or networks like "10.0.0.0/24"');
}

import { networkInterfaces } from 'node:os';

/** What a certificate of this machine must be good for: the hosts of these addresses, localhost, and every address that the machine has now. */
export function namesOf(addresses: readonly string[]): string[] {
  const hosts = addresses.map((address) => new URL(address).hostname.replace(/^\[|\]$/g, ''));
  const own = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    // A link-local address has its interface's name in it, and is no one's way to us.
    .filter(({ address }) => !/^fe80:/i.test(address))
    .map(({ address }) => address);
  return [...new Set([...hosts, 'localhost', ...own])];
}

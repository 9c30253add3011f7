import { lookup } from 'node:dns/promises';

/** A host's addresses as this machine looks them up. Throws where there are none. */
export async function resolveHost(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

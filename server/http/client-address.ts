import type { IncomingMessage } from 'node:http';
import proxyAddress from '@fastify/proxy-addr';

/** Whether an address is that of a proxy whose word about where somebody comes from is believed. */
export type TrustedProxy = (address: string, hop: number) => boolean;

/** By the text of `LOA_TRUSTED_PROXIES`; empty: nobody. */
export function trustedProxy(text: string): TrustedProxy {
  return text === '' ? () => false : proxyAddress.compile(text.split(','));
}

/** Where a request comes from: the last address of its way that is no trusted proxy's. As Fastify's `request.ip`, for what it does not see. */
export function clientAddress(request: IncomingMessage, trusted: TrustedProxy): string {
  return proxyAddress(request, trusted) ?? '';
}

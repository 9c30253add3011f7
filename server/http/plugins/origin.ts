import type { FastifyRequest } from 'fastify';
import { DomainError } from '#protocols';

const SAFE = ['GET', 'HEAD', 'OPTIONS'];

export interface OriginRule {
  readonly publicUrl: string;
  /** Whether what says nothing of where it comes from is refused: it is, where a browser's cookie vouches for a person. */
  readonly unknown: 'refuse' | 'take';
}

/**
 * Refuses a write that another site makes a browser send. Browsers name the page's origin with every write (Fetch §3.2), or say
 * that it is the same one. Throws `request.cross_site`.
 */
export function refuseOtherSites(request: FastifyRequest, { publicUrl, unknown }: OriginRule): void {
  if (SAFE.includes(request.method)) return;
  const { origin, 'sec-fetch-site': site } = request.headers;
  if (origin === undefined) {
    if (site === 'same-origin' || (site === undefined && unknown === 'take')) return;
  } else if (origin === new URL(publicUrl).origin || hostOf(origin) === request.host) return;
  throw new DomainError('request.cross_site', {
    origin: (origin ?? site ?? '').slice(0, 200),
    expected: publicUrl,
  });
}

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
}

import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { DomainError } from '#protocols';

/**
 * Requests of one person or machine in a minute. The console asks some ten times when a page opens; a program that waits
 * for something may ask some fifty times a second. Whatever runs wild asks thousands of times.
 */
export const REQUESTS_PER_MINUTE = 6_000;
const MINUTE_MS = 60_000;
/** Persons and machines remembered; whoever asked longest ago is forgotten for another. */
const MOST_REMEMBERED = 5_000;

/** Counts a request for whoever asks. Throws `request.too_many`. */
export type CountRequest = (request: FastifyRequest, name: string) => Promise<void>;

/**
 * So that one account, or a program that runs wild with its token, does not take the controller from the others (ASVS 2.4.1). Told apart by name
 * and not by address, since a whole office sits behind one; loudspeakers are not counted, which come by thousands and wait by themselves.
 */
export async function countRequests(app: FastifyInstance, perMinute: number): Promise<CountRequest> {
  await app.register(rateLimit, { global: false, cache: MOST_REMEMBERED });
  const count = app.createRateLimit({
    max: perMinute,
    timeWindow: MINUTE_MS,
    keyGenerator: (request) => request.actor?.name ?? request.ip,
  });
  return async (request, name) => {
    const counted = await count(request);
    if (counted.isAllowed || !counted.isExceeded) return;
    throw new DomainError('request.too_many', { name, limit: perMinute, seconds: counted.ttlInSeconds });
  };
}

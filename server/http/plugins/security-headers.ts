import type { FastifyInstance } from 'fastify';

/**
 * What a page of this controller may do. Scripts, styles, audio and live events are its own; nothing is embedded, and nobody embeds it.
 * `data:` is for QR codes, `blob:` for listening to a recording before it is sent.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  // No invitation to guess a type.
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  // The microphone is for greetings, the camera for the codes of loudspeakers and phones.
  'permissions-policy': 'microphone=(self), camera=(self), geolocation=(self), payment=(), usb=()',
};

/** A year, without subdomains: those of a commune's domain are not ours to decide about. */
const STRICT_TRANSPORT = 'max-age=31536000';

/** Every answer carries its request's id and what browsers may do with it, also those that are errors. */
export function secureHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    void reply.headers(HEADERS).header('x-request-id', request.id);
    if (request.protocol === 'https') void reply.header('strict-transport-security', STRICT_TRANSPORT);
  });
}

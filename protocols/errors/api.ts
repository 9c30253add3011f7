import { errorTable } from './error.ts';

/** What the HTTP API answers. */
export const apiErrors = errorTable({
  'request.invalid': { status: 400, message: 'The request is not valid: {reason}.' },
  'request.unauthenticated': {
    status: 401,
    message: 'No valid token came with the request. Send "Authorization: Bearer <token>".',
  },
  'request.forbidden': { status: 403, message: '"{actor}" may not "{permission}" in area "{area}".' },
  'request.not_found': { status: 404, message: 'There is no {what} "{id}".' },
  'request.route_unknown': { status: 404, message: 'There is no route {method} {path}.' },
  'request.too_large': { status: 413, message: 'The request body has more than {limit} bytes.' },
  'request.conflict': { status: 409, message: '{what} "{id}" is {state}: expected {expected}.' },
  'request.key_missing': {
    status: 400,
    message:
      'This request acts: send an "Idempotency-Key" header (8 to 128 visible characters), the same one when you try again.',
  },
  'request.key_reused': {
    status: 409,
    message: 'Idempotency-Key "{key}" was used for another request. Use a new key for a new act.',
  },
  'request.key_in_use': {
    status: 409,
    message: 'The first request with Idempotency-Key "{key}" is still running. Try again in a moment.',
  },
  'policy.outside_window': {
    status: 409,
    message: 'Area "{area}" has no broadcasting window open at {at} ({zone}). Windows: {windows}.',
  },
  'policy.session_too_long': {
    status: 409,
    message: 'The broadcast would last {minutes} minutes; area "{area}" allows at most {limit}.',
  },
  'storage.busy': { status: 503, message: 'The database is held by another process. Try again in a moment.' },
  'server.internal': {
    status: 500,
    message: 'Something failed inside the controller. It has been logged under request id {requestId}.',
  },
});

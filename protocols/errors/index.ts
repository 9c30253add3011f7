import { apiErrors } from './api.ts';
import { backupErrors } from './backup.ts';
import { type ErrorParams, fillMessage } from './error.ts';
import { journalErrors } from './journal.ts';
import { mediaErrors } from './media.ts';
import { orderErrors } from './order.ts';
import { peopleErrors } from './people.ts';
import { playbackErrors } from './playback.ts';
import { scheduleErrors } from './schedule.ts';

export { type ErrorEntry, type ErrorParams, fillMessage } from './error.ts';

/** Every error that leaves a part of the system, by code. Retired codes are never given another meaning. */
export const ERRORS = {
  ...apiErrors,
  ...backupErrors,
  ...journalErrors,
  ...mediaErrors,
  ...orderErrors,
  ...peopleErrors,
  ...playbackErrors,
  ...scheduleErrors,
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** Whether a text is a code of the registry. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}

/**
 * The one error that domain code throws: a code of the registry and the values of its sentence. Transports map the code;
 * nobody reads the text. `params` must not hold secrets: they are shown and logged.
 */
export class DomainError extends Error {
  readonly code: ErrorCode;
  readonly params: ErrorParams;

  constructor(code: ErrorCode, params: ErrorParams = {}, options?: ErrorOptions) {
    super(fillMessage(ERRORS[code].message, params), options);
    this.name = 'DomainError';
    this.code = code;
    this.params = params;
  }

  /** HTTP status of this code. */
  get status(): number {
    return ERRORS[this.code].status;
  }
}

/** Whether an error is ours, and if a code is given, that one. */
export function isDomainError(error: unknown, code?: ErrorCode): error is DomainError {
  return error instanceof DomainError && (code === undefined || error.code === code);
}

import { ERRORS, type ErrorCode, type ErrorParams, fillMessage, type ReasonView } from '#protocols';

/** A reason as people are told it. */
export function reasonView({
  code,
  params,
}: {
  readonly code: ErrorCode;
  readonly params: ErrorParams;
}): ReasonView {
  return { code, message: fillMessage(ERRORS[code].message, params), params: { ...params } };
}

import type { DomainError, ToldError } from '#protocols';

/** An error as an answer or a record tells of it. */
export function toldError({ code, message, params }: DomainError): ToldError {
  return { code, message, params: { ...params } };
}

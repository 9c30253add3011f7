import { DomainError } from '#protocols';

/**
 * What the form's parser threw, as the client's mistake: a form that was cut off is no failure of ours. Its errors are bare ones;
 * ours, the plugin's and the operating system's have a code.
 */
export function asMalformed(error: unknown): unknown {
  if (!(error instanceof Error) || 'code' in error) return error;
  return new DomainError('upload.malformed', { reason: error.message.slice(0, 200) }, { cause: error });
}

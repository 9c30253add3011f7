import { DomainError, MAX_RANGE_DAYS } from '#protocols';

interface Range {
  readonly from: number;
  readonly to: number;
}

/** A range of instants that is not empty and not too long. Throws `request.invalid`. */
export function requireRange({ from, to }: Range): Range {
  const days = (to - from) / 86_400_000;
  if (days <= 0)
    throw new DomainError('request.invalid', { reason: '"to" is not after "from"', field: 'to' });
  if (days > MAX_RANGE_DAYS)
    throw new DomainError('request.invalid', {
      reason: `the range has more than ${MAX_RANGE_DAYS} days`,
      field: 'to',
    });
  return { from, to };
}

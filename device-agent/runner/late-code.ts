import type { ErrorCode, PlayOrder } from '#protocols';
import type { TrustedTime } from '../clock/index.ts';

/** Why something that came too late did so: nobody knew the time when it could have begun at the latest, if that was so. */
export function lateCode(
  code: ErrorCode,
  { latestStartAt, hardEndAt }: Pick<PlayOrder, 'latestStartAt' | 'hardEndAt'>,
  time: Pick<TrustedTime, 'wasInDoubt'>,
): ErrorCode {
  const doubted = code === 'order.too_late' && time.wasInDoubt(Math.min(latestStartAt, hardEndAt));
  return doubted ? 'order.time_untrusted' : code;
}

import type { Clock } from '#kit';
import type { AreaDirectory } from '../domain/areas/area-directory.ts';
import { Acts } from '../domain/audit/acts.ts';
import { AuditLog } from '../domain/audit/audit-log.ts';
import { Refusals } from '../domain/audit/refusals.ts';
import type { Storage } from '../domain/unit-of-work.ts';
import type { Logger } from '../logger.ts';

/** What is done, what is refused, and the record of both. */
export function buildAuditSide(options: {
  readonly clock: Clock;
  readonly log: Logger;
  readonly storage: Storage;
  readonly areas: AreaDirectory;
}) {
  const { clock, log, storage, areas } = options;
  const onError = (error: unknown) =>
    log.error({ err: error, part: 'refused requests' }, 'what was refused could not be recorded');
  return {
    acts: new Acts({ storage, clock }),
    refusals: new Refusals({ storage, clock, onError }),
    auditLog: new AuditLog({ read: storage.read, areas }),
  };
}

import type { Clock } from '#kit';
import type { ServerConfig } from '../config/index.ts';
import type { AreaDirectory } from '../domain/areas/area-directory.ts';
import { Acts } from '../domain/audit/acts.ts';
import { AuditHeads } from '../domain/audit/audit-heads.ts';
import { AuditLog } from '../domain/audit/audit-log.ts';
import { HeadDelivery } from '../domain/audit/head-delivery.ts';
import { Refusals } from '../domain/audit/refusals.ts';
import type { DocumentSigner } from '../domain/keys/key-service.ts';
import type { Mailer } from '../domain/mail/outgoing-mail.ts';
import type { Storage } from '../domain/unit-of-work.ts';
import type { Logger } from '../logger.ts';
import { headPlaces } from './head-places.ts';

interface Parts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly storage: Storage;
}

/** What is refused: people's logins among it, so that it stands before them. */
export function buildRefusals({ storage, clock, log }: Parts): Refusals {
  const onError = (error: unknown) =>
    log.error({ err: error, part: 'refused requests' }, 'what was refused could not be recorded');
  return new Refusals({ storage, clock, onError });
}

/** What is done, and the record of it. */
export function buildAuditSide(
  options: Parts & {
    readonly config: Pick<ServerConfig, 'auditHeads'>;
    readonly signer: Pick<DocumentSigner, 'sign'>;
    /** The area of the whole controller. */
    readonly areaId: () => string;
    readonly clockTrusted: () => boolean;
    readonly areas: AreaDirectory;
    /** Null: there is no mail server. */
    readonly mailer: Mailer | null;
  },
) {
  const { config, clock, log, storage, areas, signer, areaId, clockTrusted, mailer } = options;
  const placeName = () => {
    const { id, kind, name } = areas.tree.get(areaId());
    return { areaId: id, name: `${kind} ${name}` };
  };
  const headDelivery = new HeadDelivery({
    ...{ storage, clock, places: headPlaces(config.auditHeads, mailer, placeName, clock) },
    onError: (place, error) =>
      log.error({ err: error, place }, 'the head of the audit log could not be sent'),
  });
  const onMade = () => void headDelivery.deliver();
  const auditHeads = new AuditHeads({ storage, clock, signer, areas, areaId, clockTrusted, onMade });
  return {
    acts: new Acts({ storage, clock }),
    ...{ auditHeads, headDelivery, headPlace: () => placeName().name },
    auditLog: new AuditLog({ read: storage.read, areas }),
  };
}

import type { Clock } from '#kit';
import type { AfterRestore } from '../domain/backup/restored.ts';
import { CodeService } from '../domain/enrolment/code-service.ts';
import { namedKeys } from '../domain/enrolment/enrolment.ts';
import { EnrolmentService } from '../domain/enrolment/enrolment-service.ts';
import type { KeyService } from '../domain/keys/key-service.ts';
import type { TrustAnchors } from '../domain/keys/trust-anchors.ts';
import type { Speaker } from '../domain/speakers/speaker.ts';
import type { SpeakerService } from '../domain/speakers/speaker-service.ts';
import type { Storage } from '../domain/unit-of-work.ts';
import type { SpeakerSide } from './speaker-side.ts';

export interface EnrolmentSideOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly keys: Pick<KeyService, 'rootKeys' | 'newestStatement'>;
  readonly speakers: Pick<SpeakerService, 'find' | 'get'>;
  readonly speakerSide: Pick<SpeakerSide, 'presence' | 'speakerKeys'>;
  readonly publicUrl: string;
  readonly trust: TrustAnchors;
  /** As after any change of a record: the broker's table, targeting and the assignment follow. */
  readonly onSaved: (speaker: Speaker) => void;
}

/** Codes as people make them, and enrolment as loudspeakers do it. */
export function buildEnrolmentSide(options: EnrolmentSideOptions) {
  const { storage, clock, keys, speakers, speakerSide, publicUrl, trust } = options;
  const { presence, speakerKeys } = speakerSide;
  return {
    codes: new CodeService({ read: storage.read, speakers, clock, publicUrl: () => publicUrl }),
    enrolments: new EnrolmentService({
      ...{ storage, clock, trust, rootKeys: () => keys.rootKeys },
      newestStatement: () => keys.newestStatement,
      lastSession: (speakerId) => presence.statusOf(speakerId)?.sessionEpoch ?? 0,
      onEnrolled: (speaker) => {
        const { id, keyId, publicKey } = speaker;
        if (keyId !== null && publicKey !== null) speakerKeys.enrolled(id, { keyId, publicKey });
        options.onSaved(speaker);
      },
    }),
    keysOf: (speakerId: string) => namedKeys(storage.read.enrolments, speakerId),
    /** A code that was good when a backup was taken may have been used, or made void, since: none of them is good after it was put back. */
    afterRestore: (async (tx) => {
      await tx.enrolments.voidAll('restored');
    }) satisfies AfterRestore,
    /** Nobody can prove a code that is over: what it was verified with is forgotten. */
    forgetExpired: () => storage.transaction((tx) => tx.enrolments.forgetExpired(clock.now())),
  };
}

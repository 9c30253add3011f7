import type { MediaJobView, SpeakerView } from '#protocols';
import type { MediaJob, Medium } from '../domain/media/medium.ts';
import { outputOf, type Speaker, type SpeakerStatus } from '../domain/speakers/speaker.ts';

/** A speaker as people see it at an instant: without its secret's hash. */
export function speakerView(speaker: Speaker, status: SpeakerStatus | undefined, now: number): SpeakerView {
  const { secretHash: _, publicKey: __, assignmentDocument: ___, ...shown } = speaker;
  return {
    ...shown,
    status:
      status === undefined
        ? null
        : {
            link: status.link,
            condition: status.condition,
            output: outputOf(speaker, now),
            lastSeenAt: status.lastSeenAt,
            agentVersion: status.agentVersion,
            capabilities: [...status.capabilities],
            assignmentHeld:
              speaker.assignmentHash !== null && status.heldAssignmentHash === speaker.assignmentHash,
            health: status.health,
          },
  };
}

export function mediaJobView(job: MediaJob, medium: Medium | null): MediaJobView {
  const { sha256: _, errorCode, errorMessage, ...shown } = job;
  return {
    ...shown,
    medium: medium === null ? null : mediumView(medium),
    error: errorCode === null ? null : { code: errorCode, message: errorMessage ?? '' },
  };
}

function mediumView(medium: Medium): NonNullable<MediaJobView['medium']> {
  const { peaks: _, chunkList: __, ...shown } = medium;
  return shown;
}

import type {
  AnnouncementDetail,
  AnnouncementView,
  AreaNeeds,
  BroadcastView,
  MediaJobView,
  SpeakerView,
} from '#protocols';
import type { Announcement } from '../domain/announcements/announcement.ts';
import { approvalHash } from '../domain/announcements/approval-hash.ts';
import { type KnownRefusal, wordsHash } from '../domain/announcements/refused-before.ts';
import type { Broadcast } from '../domain/broadcasts/broadcast.ts';
import type { MediaJob, Medium } from '../domain/media/medium.ts';
import { outputOf, type Speaker, type SpeakerStatus } from '../domain/speakers/speaker.ts';
import type { PersonName } from './person-name.ts';

/** An announcement with what an approval has to name, where it still needs one, and who decided about it. */
export function announcementView(
  announcement: Announcement,
  missing: AreaNeeds,
  names: { readonly person: PersonName; readonly area: (id: string) => string },
): AnnouncementView {
  return {
    ...announcement,
    areaName: names.area(announcement.areaId),
    composers: [...announcement.composers],
    composerNames: announcement.composers.map(names.person),
    recordedByName: announcement.recordedBy === null ? null : names.person(announcement.recordedBy),
    forAreas: [...announcement.forAreas],
    forAreaNames: announcement.forAreas.map(names.area),
    decisions: announcement.decisions.map((one) => {
      return { ...one, areaName: names.area(one.areaId), byName: names.person(one.by) };
    }),
    missing,
    approvalHash: approvalHash(announcement),
  };
}

/** A refusal that somebody should know of who reads this announcement. */
export function refusalView(
  refusal: KnownRefusal,
  { mediaSha256, text }: Announcement,
  names: { readonly person: PersonName; readonly area: (id: string) => string },
): AnnouncementDetail['refusedBefore'][number] {
  const { id: _, mediaSha256: sound, wordsSha256, ...said } = refusal;
  return {
    ...said,
    areaName: names.area(said.areaId),
    byName: names.person(said.by),
    sameWords: wordsSha256 !== null && wordsSha256 === wordsHash(text),
    sameSound: sound !== null && sound === mediaSha256,
  };
}

/** A speaker as people see it at an instant: without its secret's hash. `stopped`: a latch holds there. */
export function speakerView(
  speaker: Speaker,
  status: SpeakerStatus | undefined,
  now: number,
  stopped = false,
): SpeakerView {
  const { secretHash: _, publicKey: __, assignmentDocument: ___, ...shown } = speaker;
  return {
    ...shown,
    volumeProfile: [...shown.volumeProfile],
    status:
      status === undefined
        ? null
        : {
            link: status.link,
            condition: status.condition,
            output: outputOf(speaker, now, stopped),
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

/** The record with lists that the serializer may own. */
export function broadcastView({ targets, clearance, ...broadcast }: Broadcast): BroadcastView {
  return {
    ...broadcast,
    clearance: clearance === null ? null : clearance.map((one) => ({ ...one })),
    targets: {
      areas: [...targets.areas],
      speakers: [...targets.speakers],
      excludeAreas: [...targets.excludeAreas],
      excludeSpeakers: [...targets.excludeSpeakers],
    },
  };
}

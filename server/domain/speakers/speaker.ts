import {
  type Assignment,
  type Health,
  type Hold,
  holds,
  type SpeakerCondition,
  type SpeakerLifecycle,
  type SpeakerLink,
  type SpeakerOutput,
  type VolumePeriod,
} from '#protocols';

/** One networked loudspeaker cluster, as the controller knows it. */
export interface Speaker {
  readonly id: string;
  readonly areaId: string;
  readonly name: string;
  readonly lifecycle: SpeakerLifecycle;
  /** SHA-256 (hex) of the MQTT secret; empty until it is enrolled. A password hash would cost minutes in a mass reconnect; the secret has 256 random bits. */
  readonly secretHash: string;
  /** Journal-signing key, made on the loudspeaker and registered by its enrolment. */
  readonly publicKey: string | null;
  readonly keyId: string | null;
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly gainDb: number;
  readonly capDb: number;
  /** Beside a school, a hospital or a place of worship. */
  readonly sensitive: boolean;
  readonly volumeProfile: readonly VolumePeriod[];
  /** Audio that it may fetch ahead in one day, MB, for a SIM with an allowance; 0: no limit; null: as it is set at the loudspeaker. */
  readonly dataBudgetMb: number | null;
  readonly mute: Hold | null;
  readonly maintenance: Hold | null;
  /** The signed desired state in its exact bytes; null until first made. */
  readonly assignmentRevision: number;
  readonly assignmentHash: string | null;
  readonly assignmentDocument: string | null;
  readonly createdAt: number;
}

/** What a loudspeaker's enrolment puts into its record. */
export type SpeakerCredentials = Pick<Speaker, 'secretHash' | 'keyId' | 'publicKey'>;

/** A speaker as it is when it is entered: no secret, no key, no gain, no assignment yet. */
export function enteredSpeaker(facts: Pick<Speaker, 'id' | 'areaId' | 'name' | 'createdAt'>): Speaker {
  return {
    ...facts,
    lifecycle: 'enrolled',
    secretHash: '',
    publicKey: null,
    keyId: null,
    latitude: null,
    longitude: null,
    gainDb: 0,
    capDb: 0,
    sensitive: false,
    volumeProfile: [],
    dataBudgetMb: null,
    mute: null,
    maintenance: null,
    assignmentRevision: 0,
    assignmentHash: null,
    assignmentDocument: null,
  };
}

/** What changes with every connection and heartbeat; kept apart from what people enter. */
export interface SpeakerStatus {
  readonly speakerId: string;
  readonly sessionEpoch: number;
  readonly link: SpeakerLink;
  readonly condition: SpeakerCondition;
  readonly output: SpeakerOutput;
  readonly lastSeenAt: number | null;
  readonly agentVersion: string | null;
  readonly capabilities: readonly string[];
  /** The assignment that the speaker says it holds. */
  readonly heldAssignmentHash: string | null;
  /** `heldHash` of the plan heads and latches that it holds. */
  readonly heldHash: string | null;
  readonly health: Health | null;
}

/**
 * What the holds of a speaker's record, and a latch that holds there, make of its output at an instant: one with an end is over by
 * itself. The strictest is told: under maintenance an emergency is silent too.
 */
export function outputOf(
  { mute, maintenance }: Pick<Speaker, 'mute' | 'maintenance'>,
  now: number,
  stopped = false,
): SpeakerOutput {
  if (holds(maintenance, now)) return 'maintenance';
  if (stopped) return 'stopped';
  return holds(mute, now) ? 'muted' : 'normal';
}

/** Up to where a speaker's journal is stored. */
export interface StoredJournal {
  readonly epoch: string;
  readonly seq: number;
  readonly hash: string;
}

/** What the broker needs to let a speaker in: no more. */
export interface SpeakerCredential {
  readonly speakerId: string;
  readonly secretHash: string;
  readonly lifecycle: SpeakerLifecycle;
  readonly areaId: string;
}

export interface SpeakerFilter {
  /** Speakers in exactly these areas (callers expand descendants). */
  readonly areaIds?: readonly string[];
  readonly ids?: readonly string[];
  /** Only those whose record has a mute or maintenance, over or not. Not together with the others. */
  readonly held?: true;
}

export interface SpeakerStore {
  list(filter?: SpeakerFilter): Promise<Speaker[]>;
  get(id: string): Promise<Speaker | null>;
  insert(speaker: Speaker): Promise<void>;
  update(speaker: Speaker): Promise<void>;
  /** Every credential, for the broker's table in memory. */
  credentials(): Promise<SpeakerCredential[]>;
  /** Puts in the credentials of an enrolment; false when there is no such speaker, or it is blocked or retired. */
  enrol(speakerId: string, credentials: SpeakerCredentials): Promise<boolean>;
  /** It has connected: lifecycle enrolled → active; nothing for any other. */
  activate(speakerId: string): Promise<void>;
  /** A speaker lay in an area until this instant, and lies in another one now. */
  leavePlace(speakerId: string, areaId: string, until: number): Promise<void>;
  /** Where those of these speakers lay at an instant that have been moved since. */
  placesAt(speakerIds: readonly string[], at: number): Promise<Map<string, string>>;
  statuses(filter?: SpeakerFilter): Promise<SpeakerStatus[]>;
  /** Upserts many statuses at once (hello, heartbeat, presence), each only if its session epoch is not older. */
  saveStatuses(statuses: readonly SpeakerStatus[]): Promise<void>;
  /** At start: nobody has been heard yet. online → unknown. */
  forgetLinks(): Promise<void>;
  /** Appends health reports to the history. */
  saveHealth(reports: readonly { readonly speakerId: string; readonly health: Health }[]): Promise<void>;
  /** Deletes some of the oldest health reports before this instant, a step that holds nothing up; tells how many, 0 when none is left. */
  pruneHealth(before: number): Promise<number>;
  /** When the oldest report was made; null: there is none. */
  oldestHealthAt(): Promise<number | null>;
  /**
   * Deletes the reports of [from, to) that name no problem and have an earlier one of their loudspeaker since `bucket`. All three are instants;
   * `from` is not before `bucket`.
   */
  thinHealth(range: { readonly bucket: number; readonly from: number; readonly to: number }): Promise<void>;
  /** The newest journal epoch of each speaker asked for. */
  journals(speakerIds: readonly string[]): Promise<Map<string, StoredJournal>>;
}

/** The desired state that a speaker's record asks for, without its revision. */
export type DesiredState = Omit<Assignment, 'v' | 'revision' | 'issuedAt'>;

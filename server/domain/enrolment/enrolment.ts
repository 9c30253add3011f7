import type { EnrolmentView } from '#protocols';

/** The journal-signing key of a speaker. */
export interface SpeakerKey {
  readonly keyId: string;
  /** Raw, base64url. */
  readonly publicKey: string;
}

/** Why a code is void. */
export type VoidReason = 'replaced' | 'withdrawn' | 'blocked' | 'retired' | 'restored';

/** One code by which one loudspeaker may enrol once. The code itself is nowhere. */
export interface Enrolment {
  readonly id: string;
  readonly speakerId: string;
  /** What proofs of the code are verified with (base64url); null once nobody may prove it any more. */
  readonly key: string | null;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly wrongTries: number;
  /** Key of the loudspeaker that used it (raw, base64url). */
  readonly publicKey: string | null;
  readonly usedAt: number | null;
  /** When that loudspeaker first connected with what it was given: from then on the code is over. */
  readonly acknowledgedAt: number | null;
  readonly voidReason: VoidReason | null;
}

/** Where a code is in its life at an instant. Used is told before void: a code that was used is not made unused by a later one. */
export function enrolmentState(
  { usedAt, voidReason, expiresAt }: Enrolment,
  now: number,
): EnrolmentView['state'] {
  if (usedAt !== null) return 'used';
  if (voidReason !== null) return 'void';
  return now < expiresAt ? 'pending' : 'expired';
}

/**
 * The key to verify a proof of this code with, or undefined when it is over for this loudspeaker's key. A used code is still good for the same key
 * until that loudspeaker has connected: the answer may have been lost, or the loudspeaker may have lost its power before it was written down.
 */
export function provableKey(enrolment: Enrolment | null, publicKey: string, now: number): Buffer | undefined {
  if (enrolment === null || enrolment.key === null || now >= enrolment.expiresAt) return undefined;
  if (enrolment.voidReason !== null || enrolment.acknowledgedAt !== null) return undefined;
  if (enrolment.usedAt !== null && enrolment.publicKey !== publicKey) return undefined;
  return Buffer.from(enrolment.key, 'base64url');
}

export interface EnrolmentStore {
  insert(enrolment: Enrolment): Promise<void>;
  /** The newest code of a speaker, whatever became of it. */
  newest(speakerId: string): Promise<Enrolment | null>;
  /** Makes the codes of a speaker void that are still good, used and unacknowledged ones too; how many there were. Their keys are forgotten. */
  void(speakerId: string, reason: VoidReason): Promise<number>;
  /** The same for every speaker. */
  voidAll(reason: VoidReason): Promise<number>;
  /** Another key in the place of a pending code's; false when it is used or void. */
  rekey(id: string, key: string): Promise<boolean>;
  /** Counts a wrong try; how many there are now. */
  countWrongTry(id: string): Promise<number>;
  /** Marks as used by a key; false when it is void, acknowledged, or used by another key. */
  use(id: string, publicKey: string, now: number): Promise<boolean>;
  /** The speaker has connected with what it was given: its used codes are over, and their keys forgotten. */
  acknowledge(speakerId: string, now: number): Promise<void>;
  /** Speakers that used a code and have not connected since. */
  unacknowledged(): Promise<string[]>;
  /** Forgets the keys of codes that expired before this instant. */
  forgetExpired(before: number): Promise<void>;
  /** Keeps a journal key for ever. */
  keepKey(speakerId: string, key: SpeakerKey, now: number): Promise<void>;
  /** Every journal key that a speaker has had, oldest first. */
  keys(speakerId: string): Promise<SpeakerKey[]>;
}

/** Every key that a speaker has had by its name, as third parties want them: lines of a replaced board are still to be verified. */
export async function namedKeys(
  enrolments: Pick<EnrolmentStore, 'keys'>,
  speakerId: string,
): Promise<Readonly<Record<string, string>>> {
  const keys = await enrolments.keys(speakerId);
  return Object.fromEntries(keys.map(({ keyId, publicKey }) => [keyId, publicKey]));
}

import type { SpeakerChange } from '#protocols';
import type { StoredOrder } from '../broadcasts/broadcast.ts';
import type { Speaker } from '../speakers/speaker.ts';
import type { Transaction } from '../unit-of-work.ts';

/** A broadcast is taken back by these signed orders. */
export interface UrgentCancel {
  readonly kind: 'cancel';
  readonly broadcastId: string;
  readonly reason: string;
  readonly orders: readonly StoredOrder[];
}

/** What may be changed of a loudspeaker without waiting for the database: how loud it is, and whether at all. */
export const URGENT_FIELDS = ['gainDb', 'capDb', 'volumeProfile', 'mute', 'maintenance'] as const;
export type UrgentFields = Partial<Pick<Speaker, (typeof URGENT_FIELDS)[number]>>;

/** A loudspeaker's volume or silence is changed, by this signed assignment. */
export interface UrgentSpeakerChange {
  readonly kind: 'speaker';
  readonly speakerId: string;
  /** As it was asked for, for the audit log. */
  readonly change: SpeakerChange;
  /** What the record is to say. */
  readonly fields: UrgentFields;
  readonly assignment: Pick<Speaker, 'assignmentRevision' | 'assignmentHash' | 'assignmentDocument'>;
}

export type UrgentEffect = UrgentCancel | UrgentSpeakerChange;

/** An act as it is put on the disk before the network and the database hear of it, with the answer that its maker was given. */
export interface UrgentAct {
  readonly id: string;
  readonly at: number;
  readonly actor: string;
  readonly role: string;
  /** Network address from which it was asked; left out by acts of before this was kept. */
  readonly origin?: string;
  readonly key: string;
  readonly requestHash: string;
  readonly status: number;
  /** JSON. */
  readonly body: string;
  readonly effect: UrgentEffect;
}

/** An act, or that the database has it. */
export type UrgentEntry = { readonly act: UrgentAct } | { readonly done: string };

/** Where acts are made durable at once, whatever the database does. */
export interface UrgentLog {
  /** Every entry that is whole, oldest first. */
  read(): Promise<UrgentEntry[]>;
  /** Durable when it resolves. When there is no room left, all but `keep` makes place; rejects when that leaves none. */
  append(entry: UrgentEntry, keep: () => readonly UrgentEntry[]): Promise<void>;
}

/** What is done with one kind of act. */
export interface UrgentHandler<Effect extends UrgentEffect> {
  /** Publishes its documents; rejects when the broker did not take them. Harmless when repeated. */
  send(effect: Effect): Promise<void>;
  /** Brings it into the database, with its audit entry. */
  apply(tx: Transaction, act: UrgentAct, effect: Effect): Promise<void>;
}

/** What an act is about: acts on one subject keep their order. */
export function subjectOf(effect: UrgentEffect): string {
  return effect.kind === 'cancel' ? cancelSubject(effect.broadcastId) : speakerSubject(effect.speakerId);
}

export function cancelSubject(broadcastId: string): string {
  return `broadcast ${broadcastId}`;
}

export function speakerSubject(speakerId: string): string {
  return `speaker ${speakerId}`;
}

/** The record with the change in it; of two assignments the later one counts. */
export function changedSpeaker(
  speaker: Speaker,
  { fields, assignment }: Pick<UrgentSpeakerChange, 'fields' | 'assignment'>,
): Speaker {
  const newer = assignment.assignmentRevision > speaker.assignmentRevision;
  return { ...speaker, ...fields, ...(newer ? assignment : {}) };
}

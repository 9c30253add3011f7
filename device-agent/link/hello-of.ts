import { AGENT_CAPABILITIES, type HeldScoped, type Hello } from '#protocols';
import type { Journal } from '../journal/journal.ts';
import type { AssignmentStore } from '../state/assignment-store.ts';
import { AGENT_VERSION } from '../version.ts';

/** Most that documents of a hello take together, bytes: the packet has to pass the broker. */
const DOCUMENT_BYTES = 48 * 1024;
const MAX_DOCUMENTS = 8;
const MAX_HELD = 64;

/** What a hello tells of. */
export interface HelloFacts {
  readonly bootId: string;
  readonly publicKey: string;
  readonly assignments: AssignmentStore;
  readonly journal: Journal;
  /** Plan heads in force and latches. */
  readonly held: readonly HeldScoped[];
  /** Their signed texts, those that matter most first. */
  readonly documents: () => readonly string[];
}

/** The hello of this moment. `want`: documents that the controller has asked for; of the held ones as many as fit. */
export function helloOf(facts: HelloFacts, want: readonly string[]): Omit<Hello, 'v' | 'sessionEpoch'> {
  const { bootId, publicKey, assignments, journal, held } = facts;
  const assignment = want.includes('assignment') ? assignments.held?.document : undefined;
  const roomBytes = DOCUMENT_BYTES - (assignment?.length ?? 0);
  const documents = want.includes('held') ? fitting(facts.documents(), roomBytes) : [];
  return {
    agentVersion: AGENT_VERSION,
    bootId,
    capabilities: [...AGENT_CAPABILITIES],
    publicKey,
    assignment: heldAssignment(assignments),
    ...(assignment === undefined ? {} : { assignmentDocument: assignment }),
    held: held.slice(0, MAX_HELD),
    ...(documents.length === 0 ? {} : { heldDocuments: documents }),
    journal: journal.status,
  };
}

/** Revision and hash of the assignment, as hello and health say them. */
export function heldAssignment({ held }: AssignmentStore): Hello['assignment'] {
  return held === null ? null : { revision: held.assignment.revision, hash: held.hash };
}

function fitting(documents: readonly string[], roomBytes: number): string[] {
  const taken: string[] = [];
  let room = roomBytes;
  for (const document of documents) {
    if (document.length > room || taken.length === MAX_DOCUMENTS) continue;
    taken.push(document);
    room -= document.length;
  }
  return taken;
}

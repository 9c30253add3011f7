import { AGENT_CAPABILITIES, type HeldScoped, type Hello } from '#protocols';
import type { Journal } from '../journal/journal.ts';
import type { AssignmentStore } from '../state/assignment-store.ts';
import { AGENT_VERSION } from '../version.ts';

/** Most that held documents of a hello take together, bytes: with the assignment the packet has to pass the broker. */
const HELD_BYTES = 32 * 1024;
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

/** The hello of this moment. `want`: documents that the controller has asked for; of the held ones as many as fit, "held.2" the ones after those, and so on. */
export function helloOf(facts: HelloFacts, want: readonly string[]): Omit<Hello, 'v' | 'sessionEpoch' | 'n'> {
  const { bootId, publicKey, assignments, journal, held } = facts;
  const assignment = want.includes('assignment') ? assignments.held?.document : undefined;
  const page = Math.max(0, ...want.map(pageOf));
  const documents = page === 0 ? [] : (pages(facts.documents())[page - 1] ?? []);
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

/** Whether a controller's wish is one that a hello can answer. */
export function isWish(name: string): boolean {
  return name === 'assignment' || pageOf(name) > 0;
}

/** Which of the pages of held documents is wished for, from 1; 0: none. */
function pageOf(name: string): number {
  const [, number] = /^held(?:\.([2-8]))?$/.exec(name) ?? [undefined, '0'];
  return Number(number ?? 1);
}

/** Documents in order, as many together as a hello takes; one that is too large for any is left out. */
function pages(documents: readonly string[]): string[][] {
  const found: string[][] = [];
  let room = 0;
  for (const document of documents) {
    if (document.length > HELD_BYTES) continue;
    let last = found.at(-1);
    if (last === undefined || last.length === MAX_DOCUMENTS || document.length > room) {
      last = [];
      found.push(last);
      room = HELD_BYTES;
    }
    last.push(document);
    room -= document.length;
  }
  return found;
}

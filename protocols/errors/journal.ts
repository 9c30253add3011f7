import { errorTable } from './error.ts';

/** What can be wrong with a batch of receipts. */
export const journalErrors = errorTable({
  'evidence.too_large': {
    status: 422,
    message:
      'The loudspeakers wrote {lines} journal lines in that time; one file takes {limit}. Ask for a shorter time or a smaller area.',
  },
  'journal.bad_chain': {
    status: 400,
    message: 'Entry {seq} of the journal of "{speakerId}" does not follow from the one before it.',
  },
  'journal.bad_signature': {
    status: 400,
    message: 'The batch up to entry {seq} of the journal of "{speakerId}" is not signed by key "{keyId}".',
  },
  'journal.unknown_key': {
    status: 400,
    message: 'Key "{keyId}" is not registered for loudspeaker "{speakerId}".',
  },
  'journal.gap': {
    status: 409,
    message: 'The batch starts at entry {firstSeq}; entry {expectedSeq} is still missing from "{speakerId}".',
  },
});

import type { StateTable } from './table.ts';

/**
 * draft: being written · submitted: waiting for approval · approved: may be broadcast · rejected: sent back with a reason ·
 * withdrawn: never again broadcast. A change of text or audio returns to draft.
 * It may be withdrawn from any state: without an approval it airs by a leave for its series, as an emergency, or as it was ordered before a change.
 */
export type AnnouncementState = 'draft' | 'submitted' | 'approved' | 'rejected' | 'withdrawn';

export const ANNOUNCEMENT_STATES: StateTable<AnnouncementState> = {
  draft: ['submitted', 'withdrawn'],
  submitted: ['approved', 'rejected', 'draft', 'withdrawn'],
  approved: ['withdrawn', 'submitted', 'draft'],
  rejected: ['draft', 'submitted', 'withdrawn'],
  withdrawn: [],
};

/** Its audio: processing: being prepared · ready: deliverable bytes exist · failed: refused with a code. */
export type AudioState = 'processing' | 'ready' | 'failed';

export const AUDIO_STATES: StateTable<AudioState> = {
  processing: ['ready', 'failed'],
  ready: [],
  failed: ['processing'],
};

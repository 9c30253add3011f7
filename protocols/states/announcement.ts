import type { StateTable } from './table.ts';

/**
 * draft: being written · submitted: waiting for approval · approved: may be broadcast · rejected: sent back with a reason ·
 * withdrawn: approved once, never again broadcast. A change of text or audio returns to draft.
 */
export type AnnouncementState = 'draft' | 'submitted' | 'approved' | 'rejected' | 'withdrawn';

export const ANNOUNCEMENT_STATES: StateTable<AnnouncementState> = {
  draft: ['submitted'],
  submitted: ['approved', 'rejected', 'draft'],
  approved: ['withdrawn', 'submitted', 'draft'],
  rejected: ['draft', 'submitted'],
  withdrawn: [],
};

/** Its audio: processing: being prepared · ready: deliverable bytes exist · failed: refused with a code. */
export type AudioState = 'processing' | 'ready' | 'failed';

export const AUDIO_STATES: StateTable<AudioState> = {
  processing: ['ready', 'failed'],
  ready: [],
  failed: ['processing'],
};

import type { StateTable } from './table.ts';

/**
 * One broadcast at one speaker. `pending` is derived: it is a target without a row.
 * accepted: the order is held · ready: every byte of the content is there · playing · finished ·
 * refused / failed: with a code · interrupted: stopped in mid-play · missed: not started in time, the speaker says · cancelled.
 */
export type DeliveryState =
  | 'pending'
  | 'accepted'
  | 'ready'
  | 'playing'
  | 'finished'
  | 'refused'
  | 'failed'
  | 'interrupted'
  | 'missed'
  | 'cancelled';

/** What the agent's own transitions assert. What speakers report is folded (see `foldDelivery`) and never refused. */
export const DELIVERY_STATES: StateTable<DeliveryState> = {
  pending: ['accepted', 'refused'],
  // An emergency begins with what is here of its content.
  accepted: ['ready', 'playing', 'failed', 'missed', 'cancelled', 'refused'],
  ready: ['playing', 'failed', 'missed', 'cancelled', 'refused'],
  playing: ['finished', 'interrupted', 'failed', 'cancelled'],
  interrupted: ['playing', 'cancelled', 'failed'],
  finished: [],
  refused: [],
  failed: [],
  missed: [],
  cancelled: [],
};

import type { StateTable } from './table.ts';

/**
 * planned: accepted by the controller, its order not yet out · issued: its order is out · on_air: a speaker reported a start ·
 * interrupted / resumed: pre-empted and taken up again · completed: every target reported it played · partial: some did ·
 * failed: none did · missed: its time passed
 * while the controller was away, and no loudspeaker held the plan · cancelled: taken back by a person.
 */
export type BroadcastState =
  | 'planned'
  | 'issued'
  | 'on_air'
  | 'interrupted'
  | 'resumed'
  | 'completed'
  | 'partial'
  | 'failed'
  | 'missed'
  | 'cancelled';

export const BROADCAST_STATES: StateTable<BroadcastState> = {
  planned: ['issued', 'failed', 'missed', 'cancelled'],
  issued: ['on_air', 'completed', 'partial', 'failed', 'cancelled'],
  on_air: ['interrupted', 'completed', 'partial', 'failed', 'cancelled'],
  interrupted: ['resumed', 'completed', 'partial', 'failed', 'cancelled'],
  resumed: ['interrupted', 'completed', 'partial', 'failed', 'cancelled'],
  // A loudspeaker that was cut off may report later: the count is brought up to date.
  completed: [],
  partial: ['completed'],
  failed: ['partial', 'completed'],
  missed: ['partial', 'completed'],
  cancelled: [],
};

import type { BroadcastStore } from '../broadcasts/broadcast.ts';
import type { SpeakerStore } from '../speakers/speaker.ts';

/** What an act is made from that may not wait: as it was last committed, also while another program holds the database against readers. */
export interface UrgentReads {
  readonly speakers: Pick<SpeakerStore, 'get'>;
  readonly broadcasts: Pick<BroadcastStore, 'get' | 'orders' | 'snapshot'>;
}

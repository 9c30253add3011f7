import type { LightSpeakerIdentity } from '../load/light-speaker.ts';

export interface ConnectSenders {
  readonly kind: 'connect';
  readonly speakers: readonly LightSpeakerIdentity[];
  readonly port: number;
  /** PKCS #8 of the one key that signs for all of them. */
  readonly key: string;
}

/** Write and sign what there is to send of these broadcasts, and keep it ready. */
export interface PrepareJournals {
  readonly kind: 'prepare';
  readonly broadcastIds: readonly string[];
  readonly perBatch: number;
}

/** Send it, all speakers at once. */
export interface SendJournals {
  readonly kind: 'send';
}

export type SenderCommand = ConnectSenders | PrepareJournals | SendJournals;

export type SenderReply =
  | { readonly kind: 'ready' }
  /** `endedAt`: the last acknowledgement, by `preciseNow`. `refused`: how often a batch was sent back. */
  | { readonly kind: 'sent'; readonly endedAt: number; readonly refused: number }
  | { readonly kind: 'failed'; readonly reason: string };

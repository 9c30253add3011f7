import type { Agent as HttpsAgent } from 'node:https';

/** How one loudspeaker reaches the controller's files. */
export interface ContentOrigin {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Makes TLS connections with what is pinned. */
  readonly agent?: HttpsAgent;
}

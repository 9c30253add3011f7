import type { DownTopicName } from '#protocols';

/** The way down to speakers, as the domain needs it. */
export interface OrderPublisher {
  /** Whether there is a broker right now. */
  readonly connected: boolean;
  /** Resolves when the broker has taken the message (a signed document, or an object sent as JSON); rejects when it has not. */
  publish(name: DownTopicName, id: string, payload: string | object): Promise<void>;
}

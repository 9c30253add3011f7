import type { TopicName } from '#protocols';
import type { PacketViolation } from './packet-guard.ts';
import type { PendingRefusal } from './pending-connections.ts';

/** Why a connection was refused or ended by the broker. */
export type ConnectionRefusal =
  | PacketViolation
  | PendingRefusal
  | 'client_id'
  | 'connect_timeout'
  | 'credentials'
  | 'blocked'
  | 'keepalive'
  | 'protocol'
  | 'will';

/** Why a packet of an authenticated connection was not let through. */
export type PacketRefusal = 'publish' | 'publish_qos' | 'publish_retained' | 'subscribe' | 'forward';

/** How often each name was counted. */
export class Tally<Name extends string> {
  readonly #counts = new Map<Name, number>();

  add(name: Name): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  of(name: Name): number {
    return this.#counts.get(name) ?? 0;
  }

  entries(): [Name, number][] {
    return [...this.#counts];
  }
}

/** What the embedded broker counts since its start; read by the metrics page. */
export interface BrokerMetrics {
  readonly connections: number;
  readonly unauthenticated: number;
  readonly connectionsTotal: number;
  readonly refusedConnections: readonly [ConnectionRefusal, number][];
  readonly refusedPackets: readonly [PacketRefusal, number][];
  /** Messages let through, by entry of the topic table. */
  readonly messages: readonly [TopicName, number][];
  /** Connections ended because they did not read in time, timed out or broke. */
  readonly droppedConnections: number;
}

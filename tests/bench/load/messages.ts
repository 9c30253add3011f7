import type { LightSpeakerIdentity } from './light-speaker.ts';

/** Instants here are `performance.timeOrigin + performance.now()`: the same clock in every process of one machine, to the microsecond. */
export function preciseNow(): number {
  return performance.timeOrigin + performance.now();
}

export interface ConnectCommand {
  readonly kind: 'connect';
  readonly speakers: readonly LightSpeakerIdentity[];
  readonly port: number;
  readonly tls: boolean;
  readonly hello: boolean;
  /** Connections under way at once. */
  readonly atOnce: number;
}

/** Forget the arrivals of the run before. */
export interface ArmCommand {
  readonly kind: 'arm';
}

export interface ReportCommand {
  readonly kind: 'report';
}

export type WorkerCommand = ConnectCommand | ArmCommand | ReportCommand;

export type WorkerReply =
  | { readonly kind: 'connected'; readonly count: number }
  | { readonly kind: 'armed' }
  /** Instants at which an order reached each speaker of this worker, first arrival only. */
  | { readonly kind: 'report'; readonly arrivals: readonly number[] }
  | { readonly kind: 'failed'; readonly reason: string };

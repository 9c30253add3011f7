import type { Instant, Milliseconds } from '#kit';

export type SessionKind = 'browser' | 'phone';

/** A browser or a phone on which a person is logged in. Only the hash of its secret is kept. */
export interface Session {
  readonly id: string;
  readonly secretHash: string;
  readonly account: string;
  readonly kind: SessionKind;
  readonly userAgent: string;
  readonly address: string;
  /** Whether a code or a passkey vouched for the person. */
  readonly secondFactor: boolean;
  /** Who showed the QR code that made it. */
  readonly pairedBy: string | null;
  /** When the person last proved who he is; 0: not yet, a QR code alone let him in. */
  readonly authenticatedAt: Instant;
  readonly createdAt: Instant;
  readonly lastSeenAt: Instant;
  readonly expiresAt: Instant;
}

export interface SessionStore {
  /** Those that have not expired. */
  live(now: Instant): Promise<Session[]>;
  insert(session: Session): Promise<void>;
  update(session: Session): Promise<void>;
  /** Notes where and when sessions were last seen; one that is gone is left alone. */
  touch(sessions: readonly Pick<Session, 'id' | 'lastSeenAt' | 'address'>[]): Promise<void>;
  remove(ids: readonly string[]): Promise<void>;
  prune(expiredBefore: Instant): Promise<void>;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** How long a session lives without being used, and at the latest. A paired phone is for whoever logs in between two meetings. */
export const SESSION_LIFE: Readonly<Record<SessionKind, { idleMs: Milliseconds; wholeMs: Milliseconds }>> = {
  browser: { idleMs: 12 * HOUR_MS, wholeMs: 7 * DAY_MS },
  phone: { idleMs: 90 * DAY_MS, wholeMs: 366 * DAY_MS },
};

/** So long after a proof a person may change the second factors. */
export const FRESH_MS: Milliseconds = 15 * 60_000;

/** Whether the session still holds. A clock that was set back ends none. */
export function isLive({ kind, lastSeenAt, expiresAt }: Session, now: Instant): boolean {
  return now < expiresAt && now - lastSeenAt < SESSION_LIFE[kind].idleMs;
}

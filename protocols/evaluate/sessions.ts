import type { PlayOrder } from '../documents/order.ts';
import type { ErrorCode } from '../errors/index.ts';
import type { LocalRules } from '../policy/local-rules.ts';
import { dayNumberAt, nextLocalDay } from '../policy/local-time.ts';
import { SESSION_GAP_MINUTES } from '../policy/policy.ts';

const GAP_MS = SESSION_GAP_MINUTES * 60_000;

/** A stretch of sound, relay included. Of what counts (`countsForSessions`) and of emergencies, which count for nothing but bridge a gap. */
export interface SoundedSpan {
  readonly startedAt: number;
  /** First instant of silence after it. */
  readonly endedAt: number;
  readonly emergency: boolean;
}

/** Whether the sound of an order is part of a session. Emergencies, tests and what sounds by leave of a person are not. */
export function countsForSessions(
  order: Pick<PlayOrder, 'priority' | 'test'> & { readonly windowOverride: PlayOrder['windowOverride'] },
): boolean {
  return order.priority !== 'emergency' && !order.test && order.windowOverride === null;
}

/** Sound without a gap of `SESSION_GAP_MINUTES` or more. */
export interface Session {
  readonly startedAt: number;
  /** Of the last sound, emergencies included. */
  endedAt: number;
  /** What emergencies took of it: it does not count for its length. */
  emergencyMs: number;
}

/** The sessions of a history, ascending. */
export function sessionsOf(history: readonly SoundedSpan[]): Session[] {
  const sessions: Session[] = [];
  for (const { startedAt, endedAt, emergency } of [...history].sort((a, b) => a.startedAt - b.startedAt)) {
    const last = sessions.at(-1);
    if (last !== undefined && startedAt - last.endedAt < GAP_MS) {
      if (emergency) last.emergencyMs += Math.max(0, endedAt - Math.max(startedAt, last.endedAt));
      last.endedAt = Math.max(last.endedAt, endedAt);
      // An emergency alone begins no session.
    } else if (!emergency) sessions.push({ startedAt, endedAt, emergencyMs: 0 });
  }
  return sessions;
}

/** A history with one more span, which ended after all others: spans of one session are one, so that it stays short. */
export function withSpan(history: readonly SoundedSpan[], span: SoundedSpan): SoundedSpan[] {
  const last = history.at(-1);
  if (last === undefined || last.emergency || span.emergency || span.startedAt - last.endedAt >= GAP_MS)
    return [...history, span];
  const startedAt = Math.min(last.startedAt, span.startedAt);
  const endedAt = Math.max(last.endedAt, span.endedAt);
  return [...history.slice(0, -1), { startedAt, endedAt, emergency: false }];
}

/** What of a history still matters for what begins from an instant on: the sessions of that day, and one that may go on. */
export function relevantHistory(
  rules: LocalRules | null,
  history: readonly SoundedSpan[],
  from: number,
): readonly SoundedSpan[] {
  if (history.length === 0 || rules === null || !limitsSessions(rules)) return [];
  const daily = (rules.policy.sessionsPerDay ?? null) !== null;
  if (!daily && !history.some(({ endedAt }) => endedAt > from - GAP_MS)) return [];
  const today = dayNumberAt(rules.offsets, from);
  const first = sessionsOf(history).find(
    ({ startedAt, endedAt }) =>
      endedAt > from - GAP_MS || (daily && dayNumberAt(rules.offsets, startedAt) >= today),
  );
  // A session is kept whole: its rest alone would be one that began later.
  return first === undefined ? [] : history.filter(({ startedAt }) => startedAt >= first.startedAt);
}

/**
 * So much longer than its limit a session may become by what each item takes to hand the output over: the last item of a session that is
 * planned to be exactly as long as it may be is not lost to that.
 */
export const SESSION_SLACK_MS = 5_000;

/** Why a sound would break a limit of sessions, and when that may have changed. */
export interface SessionLimit {
  readonly code: ErrorCode;
  /** Null: it is too long for any session. */
  readonly until: number | null;
}

/** Whether the rules limit sessions at all. */
export function limitsSessions(rules: Pick<LocalRules, 'policy'>): boolean {
  return rules.policy.sessionMinutes !== null || (rules.policy.sessionsPerDay ?? null) !== null;
}

/**
 * Why a sound of `lengthMs` from `startsAt` on would make its session too long, or one too many; null: it would not. `wholeMs` is its length if
 * nothing had delayed it: what is too long for any session does not fit by waiting until less of it is left.
 */
export function sessionLimit(
  rules: LocalRules,
  sessions: readonly Session[],
  startsAt: number,
  lengthMs: number,
  wholeMs: number,
): SessionLimit | null {
  const { sessionMinutes, sessionsPerDay = null } = rules.policy;
  const mostMs = sessionMinutes === null ? Number.POSITIVE_INFINITY : sessionMinutes * 60_000;
  const code = 'policy.session_too_long';
  if (wholeMs > mostMs) return { code, until: null };
  const last = sessions.at(-1);
  if (last !== undefined && startsAt - last.endedAt < GAP_MS) {
    const withIt = startsAt + lengthMs - last.startedAt - last.emergencyMs;
    return withIt > mostMs + SESSION_SLACK_MS ? { code, until: last.endedAt + GAP_MS } : null;
  }
  if (sessionsPerDay === null) return null;
  const day = dayNumberAt(rules.offsets, startsAt);
  const begun = sessions.filter(({ startedAt }) => dayNumberAt(rules.offsets, startedAt) === day).length;
  if (begun < sessionsPerDay) return null;
  return { code: 'policy.too_many_sessions', until: nextLocalDay(rules, startsAt) };
}

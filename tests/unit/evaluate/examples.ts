import type { Holding, Item, LocalRules, PlannedItem, Policy, Situation } from '#protocols';

/** 5 January 2026, a Monday, 05:40 in Vietnam. */
export const NOW = Date.parse('2026-01-05T05:40+07:00');
export const MINUTE = 60_000;
export const at = (text: string) => Date.parse(`2026-01-${text}+07:00`);

/** Rules of Vietnam in January and February 2026, open from 05:00 to 22:00 every day. */
export function rules(change: Partial<Policy> = {}, more: Partial<LocalRules> = {}): LocalRules {
  const policy: Policy = {
    windows: [{ days: [1, 2, 3, 4, 5, 6, 7], opens: '05:00', closes: '22:00' }],
    sessionMinutes: null,
    legalBasis: '',
    ...change,
  };
  const from = Date.parse('2026-01-01T00:00Z');
  const until = Date.parse('2026-03-01T00:00Z');
  return { policy, offsets: [{ from, minutes: 420 }], until, sensitive: false, ...more };
}

/** A normal item of one minute, due now. */
export function item(id: string, change: Partial<Item> = {}): Item {
  return {
    id,
    priority: 'normal',
    issuedAt: 1,
    position: 0,
    plannedAt: NOW,
    latestStartAt: NOW + MINUTE,
    handOverUntil: change.latestStartAt ?? NOW + MINUTE,
    hardEndAt: NOW + 10 * MINUTE,
    window: { opensAt: NOW - MINUTE, closesAt: NOW + 10 * MINUTE },
    override: false,
    overlap: 'queue',
    test: false,
    releases: [],
    plannedUntil: null,
    more: false,
    keepsEnd: false,
    remainingMs: MINUTE,
    airTimeMs: MINUTE,
    ready: true,
    trouble: null,
    fresh: true,
    blockedBy: null,
    ...change,
  };
}

export function situation(items: readonly Item[], change: Partial<Situation> = {}): Situation {
  return {
    now: NOW,
    notBefore: 0,
    trust: 'trusted',
    muted: false,
    maintenance: false,
    holdEnds: [],
    latches: [],
    rules: rules(),
    history: [],
    journalOk: true,
    items,
    current: null,
    voice: null,
    ...change,
  };
}

/** A normal item of one minute, planned for NOW, that may wait five. */
export function planned(id: string, change: Partial<PlannedItem> = {}): PlannedItem {
  const startsAt = change.startsAt ?? NOW;
  return {
    id,
    priority: 'normal',
    issuedAt: 1,
    position: 0,
    startsAt,
    latestStartAt: startsAt + 5 * MINUTE,
    hardEndAt: startsAt + 30 * MINUTE,
    expiresAt: startsAt + 30 * MINUTE,
    durationMs: MINUTE,
    leadMs: 0,
    keepsEnd: false,
    repeat: { count: 1, intervalMs: 0 },
    window: null,
    override: false,
    overlap: 'queue',
    afterInterruption: 'resume',
    test: false,
    releases: [],
    plannedUntil: null,
    ...change,
  };
}

export function holding(change: Partial<Holding> = {}): Holding {
  return { rules: rules(), mute: null, maintenance: null, latches: [], ...change };
}

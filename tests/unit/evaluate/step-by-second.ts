import {
  arbitrate,
  cutCode,
  type ErrorCode,
  type Holding,
  holds,
  itemOf,
  leadOf,
  type PlannedItem,
  resumeFrom,
  type SoundedSpan,
  soundsMs,
  timingOf,
} from '#protocols';

/** What an item came to: its ranges with where in the content each began, and why it did not sound whole; null: it did. */
export interface Outcome {
  readonly ranges: readonly (readonly [startedAt: number, endedAt: number, over: boolean, fromMs: number])[];
  readonly why: string | null;
}

interface Sound {
  readonly id: string;
  readonly startsAt: number;
  readonly endsAt: number;
  /** Why it is cut; null: it ends by itself. */
  readonly cut: string | null;
}

/**
 * A loudspeaker that looks at everything once a second, and right after something can begin no more; it knows of no next look and cuts
 * nothing into parts. All instants are whole seconds. What holds may change on the way.
 */
export function stepBySecond(
  items: readonly PlannedItem[],
  holdingAt: (now: number) => Holding,
  from: number,
  to: number,
): Map<string, Outcome> {
  const progress = new Map(
    items.map(({ id }) => [id, { repetitions: 0, resumeFromMs: 0, interrupted: false }]),
  );
  const done = new Map<string, string | null>();
  const passed = new Map<string, string>();
  const blocked = new Map<string, ErrorCode>();
  const ranges = new Map<string, [number, number, boolean, number][]>(items.map(({ id }) => [id, []]));
  const lanes: { current: Sound | null; voice: Sound | null } = { current: null, voice: null };
  const planned = (id: string) => items.find((one) => one.id === id) as PlannedItem;
  const progressOf = (id: string) =>
    progress.get(id) ?? { repetitions: 0, resumeFromMs: 0, interrupted: false };
  const view = (one: PlannedItem) => {
    return itemOf(one, progressOf(one.id), {
      ready: true,
      trouble: null,
      fresh: true,
      blockedBy: blocked.get(one.id) ?? null,
    });
  };
  const sounded = (lane: 'current' | 'voice', { id, startsAt }: Sound, endedAt: number) => {
    if (endedAt <= startsAt) return;
    const one = planned(id);
    const so = progressOf(id);
    const fromMs = one.keepsEnd
      ? Math.max(0, startsAt - view(one).plannedAt) + leadOf(one, so)
      : so.resumeFromMs;
    ranges.get(id)?.push([startsAt, endedAt, lane === 'voice', fromMs]);
  };
  const history = (now: number): SoundedSpan[] => {
    const under = Object.values(lanes).flatMap((sound) =>
      sound !== null && sound.startsAt < now ? [[sound.id, sound.startsAt, now] as const] : [],
    );
    const past = [...ranges].flatMap(([id, all]) => all.map(([start, end]) => [id, start, end] as const));
    return [...past, ...under].flatMap(([id, startedAt, endedAt]) => {
      const { test, override, priority } = planned(id);
      const emergency = priority === 'emergency' && !test;
      return emergency || !(test || override) ? [{ startedAt, endedAt, emergency }] : [];
    });
  };
  const look = (now: number): boolean => {
    const holding = holdingAt(now);
    const verdict = arbitrate({
      ...{ now, notBefore: now, trust: 'trusted', journalOk: true, rules: holding.rules },
      history: history(now),
      ...{
        muted: holds(holding.mute, now),
        maintenance: holds(holding.maintenance, now),
        // It looks at every second anyway.
        holdEnds: [],
        latches: holding.latches,
      },
      items: items.filter(({ id }) => !done.has(id)).map(view),
      ...{ current: lanes.current?.id ?? null, voice: lanes.voice?.id ?? null },
    });
    for (const { id } of items) {
      const code = verdict.blocked.get(id);
      if (code === undefined) blocked.delete(id);
      else blocked.set(id, code);
    }
    for (const { id, code } of verdict.over) done.set(id, code);
    for (const { id, code } of verdict.passed) {
      const repetitions = (progress.get(id)?.repetitions ?? 0) + 1;
      progress.set(id, { repetitions, resumeFromMs: 0, interrupted: false });
      if (!passed.has(id)) passed.set(id, code);
    }
    let changed = verdict.passed.length > 0;
    for (const lane of ['current', 'voice'] as const) {
      const sound = lanes[lane];
      const code = lane === 'current' ? verdict.stop : verdict.stopVoice;
      if (sound === null || code === null) continue;
      changed = true;
      lanes[lane] = null;
      if (now <= sound.startsAt) continue;
      blocked.set(sound.id, code);
      sounded(lane, sound, now);
      const so = progressOf(sound.id);
      const contentMs = Math.max(0, now - sound.startsAt - leadOf(planned(sound.id), so));
      const resumeFromMs = resumeFrom(so, so.resumeFromMs + contentMs);
      progress.set(sound.id, { repetitions: so.repetitions, resumeFromMs, interrupted: true });
      if (planned(sound.id).afterInterruption !== 'resume') done.set(sound.id, code);
    }
    if (changed) return true;
    for (const [lane, id] of [
      ['current', verdict.sound],
      ['voice', verdict.voice],
    ] as const) {
      if (id === null || lanes[lane] !== null) continue;
      const one = view(planned(id));
      const { beginsAt, endsAt } = timingOf(one, { now, rules: holding.rules });
      const startsAt = Math.max(now, beginsAt);
      const whole = startsAt + soundsMs(one, startsAt);
      const cut = whole <= endsAt ? null : cutCode(one, endsAt);
      lanes[lane] = { id, startsAt, endsAt: Math.min(whole, endsAt), cut };
      return true;
    }
    return false;
  };
  const edges = (now: number): number[] => {
    const open = items.filter(({ id }) => !done.has(id)).map(view);
    const instants = open.flatMap(({ latestStartAt, handOverUntil }) => [
      latestStartAt + 1,
      handOverUntil + 1,
    ]);
    return [...new Set(instants)].filter((at) => at > now && at < now + 1_000).sort((a, b) => a - b);
  };
  for (let now = from; now < to; now += 1_000) {
    for (const lane of ['current', 'voice'] as const) {
      const sound = lanes[lane];
      if (sound === null || now < sound.endsAt) continue;
      lanes[lane] = null;
      sounded(lane, sound, sound.endsAt);
      const repetitions = (progress.get(sound.id)?.repetitions ?? 0) + 1;
      progress.set(sound.id, { repetitions, resumeFromMs: 0, interrupted: false });
      if (sound.cut !== null) done.set(sound.id, sound.cut);
      else if (repetitions >= planned(sound.id).repeat.count) done.set(sound.id, null);
    }
    while (look(now));
    // Why something is over is what kept it from beginning until then, and that may end within the same second.
    for (const edge of edges(now)) while (look(edge));
  }
  const why = (id: string) => done.get(id) ?? (done.has(id) ? (passed.get(id) ?? null) : 'it is not over');
  return new Map(items.map(({ id }) => [id, { ranges: ranges.get(id) ?? [], why: why(id) }]));
}

import {
  arbitrate,
  type Holding,
  holds,
  itemOf,
  type PlannedItem,
  RESUME_REWIND_MS,
  timingOf,
} from '#protocols';

/** What an item came to: its ranges in seconds of the world, and whether it sounded whole. */
export interface Outcome {
  readonly ranges: readonly (readonly [number, number, boolean])[];
  readonly whole: boolean;
}

interface Sound {
  readonly id: string;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly whole: boolean;
}

/**
 * A loudspeaker that looks at everything once a second, knows of no next look and cuts nothing into parts. All instants are whole
 * seconds; nothing may limit sessions.
 */
export function stepBySecond(
  items: readonly PlannedItem[],
  holding: Holding,
  from: number,
  to: number,
): Map<string, Outcome> {
  const progress = new Map(
    items.map(({ id }) => [id, { repetitions: 0, resumeFromMs: 0, interrupted: false }]),
  );
  const done = new Map<string, boolean>();
  const passed = new Set<string>();
  const ranges = new Map<string, [number, number, boolean][]>(items.map(({ id }) => [id, []]));
  const lanes: { current: Sound | null; voice: Sound | null } = { current: null, voice: null };
  const planned = (id: string) => items.find((one) => one.id === id) as PlannedItem;
  const view = (one: PlannedItem) => {
    const so = progress.get(one.id) ?? { repetitions: 0, resumeFromMs: 0, interrupted: false };
    return itemOf(one, so, { ready: true, trouble: null, fresh: true, blockedBy: null });
  };
  const look = (now: number): boolean => {
    const verdict = arbitrate({
      ...{ now, notBefore: now, trust: 'trusted', journalOk: true, history: [], rules: holding.rules },
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
    for (const { id } of verdict.over) done.set(id, false);
    for (const { id } of verdict.passed) {
      const repetitions = (progress.get(id)?.repetitions ?? 0) + 1;
      progress.set(id, { repetitions, resumeFromMs: 0, interrupted: false });
      passed.add(id);
    }
    let changed = verdict.passed.length > 0;
    for (const lane of ['current', 'voice'] as const) {
      const sound = lanes[lane];
      if (sound === null || (lane === 'current' ? verdict.stop : verdict.stopVoice) === null) continue;
      changed = true;
      lanes[lane] = null;
      if (now <= sound.startsAt) continue;
      ranges.get(sound.id)?.push([sound.startsAt, now, lane === 'voice']);
      const so = progress.get(sound.id);
      const heard = Math.max(0, now - sound.startsAt - RESUME_REWIND_MS);
      progress.set(sound.id, {
        repetitions: so?.repetitions ?? 0,
        resumeFromMs: (so?.resumeFromMs ?? 0) + heard,
        interrupted: true,
      });
      if (planned(sound.id).afterInterruption !== 'resume') done.set(sound.id, false);
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
      const whole = startsAt + one.remainingMs;
      lanes[lane] = { id, startsAt, endsAt: Math.min(whole, endsAt), whole: whole <= endsAt };
      return true;
    }
    return false;
  };
  for (let now = from; now < to; now += 1_000) {
    for (const lane of ['current', 'voice'] as const) {
      const sound = lanes[lane];
      if (sound === null || now < sound.endsAt) continue;
      lanes[lane] = null;
      if (sound.endsAt > sound.startsAt)
        ranges.get(sound.id)?.push([sound.startsAt, sound.endsAt, lane === 'voice']);
      const repetitions = (progress.get(sound.id)?.repetitions ?? 0) + 1;
      progress.set(sound.id, { repetitions, resumeFromMs: 0, interrupted: false });
      if (!sound.whole) done.set(sound.id, false);
      else if (repetitions >= planned(sound.id).repeat.count) done.set(sound.id, !passed.has(sound.id));
    }
    while (look(now));
  }
  return new Map(items.map(({ id }) => [id, { ranges: ranges.get(id) ?? [], whole: done.get(id) === true }]));
}

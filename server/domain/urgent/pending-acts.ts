import type { Broadcast } from '../broadcasts/broadcast.ts';
import type { Speaker } from '../speakers/speaker.ts';
import { cancelSubject, changedSpeaker, speakerSubject, subjectOf, type UrgentAct } from './urgent-act.ts';

/** Speakers as they are with what the database has not taken yet. */
export interface PendingSpeakers {
  speaker(stored: Speaker): Speaker;
}

/** Broadcasts as they are with what the database has not taken yet. */
export interface PendingBroadcasts {
  broadcast(stored: Broadcast): Broadcast;
}

/** Nothing is ever pending. */
export const NOTHING_PENDING: PendingSpeakers & PendingBroadcasts = {
  speaker: (stored) => stored,
  broadcast: (stored) => stored,
};

/** The acts that are in force but not yet in the database, in their order: whatever is read from there is looked at through them. */
export class PendingActs implements PendingSpeakers, PendingBroadcasts {
  readonly #bySubject = new Map<string, UrgentAct[]>();
  readonly #byKey = new Map<string, UrgentAct>();

  add(act: UrgentAct): void {
    const subject = subjectOf(act.effect);
    this.#bySubject.set(subject, [...(this.#bySubject.get(subject) ?? []), act]);
    this.#byKey.set(keyOf(act.actor, act.key), act);
  }

  remove(act: UrgentAct): void {
    const subject = subjectOf(act.effect);
    const rest = (this.#bySubject.get(subject) ?? []).filter(({ id }) => id !== act.id);
    if (rest.length === 0) this.#bySubject.delete(subject);
    else this.#bySubject.set(subject, rest);
    this.#byKey.delete(keyOf(act.actor, act.key));
  }

  has(subject: string): boolean {
    return this.#bySubject.has(subject);
  }

  /** The act that a request with this key made. */
  answering(actor: string, key: string): UrgentAct | undefined {
    return this.#byKey.get(keyOf(actor, key));
  }

  speaker(stored: Speaker): Speaker {
    let speaker = stored;
    for (const { effect } of this.#bySubject.get(speakerSubject(stored.id)) ?? [])
      if (effect.kind === 'speaker') speaker = changedSpeaker(speaker, effect);
    return speaker;
  }

  broadcast(stored: Broadcast): Broadcast {
    const [act] = this.#bySubject.get(cancelSubject(stored.id)) ?? [];
    if (act?.effect.kind !== 'cancel') return stored;
    return { ...stored, state: 'cancelled', cancelReason: act.effect.reason };
  }
}

function keyOf(actor: string, key: string): string {
  return JSON.stringify([actor, key]);
}

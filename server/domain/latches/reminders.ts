import { type Clock, Lifecycle, type Milliseconds, repeat } from '#kit';
import { type Hold, holds, type Reminder, type Scope, scopeKey, scopeOfKey } from '#protocols';
import type { LiveEvents } from '../events/live-events.ts';
import type { Speaker, SpeakerStore } from '../speakers/speaker.ts';
import type { LatchService } from './latch-service.ts';

/** People are reminded so long before a session that will not sound. */
export const REMIND_AHEAD_MS: Milliseconds = 30 * 60_000;
const LOOK_MS = 60_000;

/** Tells of a scope when its next planned session begins; null: none is planned. */
export type NextSession = (scope: Scope) => number | null;

/** The sessions that are planned from an instant on, read once for every scope. */
export interface NextSessions {
  from(instant: number): Promise<NextSession>;
}

export interface ReminderServiceOptions {
  readonly latches: LatchService;
  readonly read: { readonly speakers: Pick<SpeakerStore, 'list'> };
  readonly sessions: NextSessions;
  readonly clock: Clock;
  readonly events: LiveEvents;
  readonly onError: (error: unknown) => void;
}

/** Reminds of stops, mutes and maintenance that would silence the next planned session: once for each session. */
export class ReminderService extends Lifecycle {
  readonly #options: ReminderServiceOptions;
  readonly #told = new Map<string, number>();

  constructor(options: ReminderServiceOptions) {
    super();
    this.#options = options;
  }

  protected async onStart(): Promise<void> {
    const { clock, onError } = this.#options;
    const look = repeat(clock, 'reminders: look', LOOK_MS, () => this.look(), onError);
    this.disposers.defer('reminders', () => look.cancel());
  }

  /** Tells of what is due now and was not told yet. */
  async look(): Promise<void> {
    const due = await this.due();
    const names = new Set(due.map(nameOf));
    for (const reminder of due) {
      const name = nameOf(reminder);
      if (this.#told.get(name) === reminder.sessionAt) continue;
      this.#told.set(name, reminder.sessionAt);
      const { kind, scope, areaId, latchId, by, sessionAt } = reminder;
      this.#options.events.publish('reminder', {
        ...{ kind, scope: scopeKey(scope), areaId: areaId ?? '', latchId, by, sessionAt },
      });
    }
    for (const name of this.#told.keys()) if (!names.has(name)) this.#told.delete(name);
  }

  /** Everything that keeps a session of the next half hour silent. */
  async due(): Promise<Reminder[]> {
    const { sessions, clock } = this.#options;
    const now = clock.now();
    const found: Reminder[] = [];
    const holds = [...this.#stopped(), ...(await this.#held(now))];
    if (holds.length === 0) return found;
    const nextSessionAt = await sessions.from(now);
    for (const held of holds) {
      const sessionAt = nextSessionAt(held.scope);
      // A hold that is over by then keeps nothing silent.
      if (sessionAt === null || sessionAt - now > REMIND_AHEAD_MS || sessionAt < now) continue;
      if (held.until === null || held.until > sessionAt) found.push({ ...held, sessionAt });
    }
    return found;
  }

  #stopped(): Omit<Reminder, 'sessionAt'>[] {
    const { latches } = this.#options;
    return latches.book.set().map(({ id, scope: key, setBy: by, reason }) => {
      const scope = scopeOfKey(key);
      const areaId = latches.areaIdOf(scope) ?? null;
      return { kind: 'latch', scope, areaId, latchId: id, by, reason, until: null };
    });
  }

  async #held(now: number): Promise<Omit<Reminder, 'sessionAt'>[]> {
    const speakers = await this.#options.read.speakers.list({ held: true });
    return speakers.flatMap((speaker) => [
      ...reminderOf(speaker, 'mute', speaker.mute, now),
      ...reminderOf(speaker, 'maintenance', speaker.maintenance, now),
    ]);
  }
}

function reminderOf(
  { id, areaId }: Speaker,
  kind: 'mute' | 'maintenance',
  hold: Hold | null,
  now: number,
): Omit<Reminder, 'sessionAt'>[] {
  if (hold === null || !holds(hold, now)) return [];
  const { by, reason, until } = hold;
  return [{ kind, scope: { kind: 'speaker', id }, areaId, latchId: null, by, reason, until }];
}

function nameOf({ kind, scope, latchId }: Reminder): string {
  return `${kind} ${scopeKey(scope)} ${latchId ?? ''}`;
}

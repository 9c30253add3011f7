import type { Caller, Request } from './caller.ts';
import type { RunFacts } from './evidence.ts';
import type { Work } from './plan.ts';
import { AREA } from './scene.ts';
import { sessionAirings } from './session.ts';

/** The commune's zone, which has had no daylight saving since 1975. */
const ZONE_MS = 7 * 3_600_000;

type Answer = Readonly<Record<string, unknown>>;

/** Does the plan's work: knows what the answers named, and asks for what refers to them. */
export class Worker {
  readonly #caller: Caller;
  readonly #facts: RunFacts;
  readonly #answers = new Map<number, Promise<Answer | undefined>>();

  constructor(caller: Caller, facts: RunFacts) {
    this.#caller = caller;
    this.#facts = facts;
  }

  /** Asks for one piece of work; resolves when it was answered, refused or given up. */
  async perform(work: Work): Promise<void> {
    const asked = this.#ask(work);
    this.#answers.set(work.number, asked);
    await asked;
  }

  async #ask(work: Work): Promise<Answer | undefined> {
    const call = nameOf(work.number);
    switch (work.kind) {
      case 'play':
        return this.#caller.ask({ call, ...this.#play(work) });
      case 'schedule':
        return this.#caller.ask({ call, ...this.#schedule(work) });
      case 'mute':
        return this.#caller.ask({
          ...{ call, role: 'technician', method: 'PATCH', path: `/speakers/${this.#id(work.speaker)}` },
          body: { mute: { reason: 'đám tang', until: null } },
          meaning: { kind: 'silence', by: 'mute', speakers: [this.#id(work.speaker)] },
        });
      case 'latch':
        return this.#caller.ask({ call, ...this.#latch(work) });
      case 'cancel':
      case 'delete':
      case 'unmute':
      case 'release':
        return this.#takeBack(call, work);
      default:
        return work satisfies never;
    }
  }

  #play(work: Extract<Work, { kind: 'play' }>): Omit<Request, 'call'> {
    const content = this.#content(work.content);
    const startsAt = Math.round(this.#facts.startedAt + work.startsAt);
    return {
      ...{
        role: content.priority === 'emergency' ? 'chairman' : 'editor',
        method: 'POST',
        path: '/broadcasts',
      },
      body: {
        announcementId: content.announcementId,
        targets: this.#targets(work.speakers),
        ...{ startsAt, latenessMs: work.latenessMs },
      },
      meaning: { kind: 'air', airings: [this.#airing(work, startsAt)] },
    };
  }

  #schedule(work: Extract<Work, { kind: 'schedule' }>): Omit<Request, 'call'> {
    const all = work.startsAt.map((at) => Math.round((this.#facts.startedAt + at) / 1000) * 1000);
    const dayOf = (instant: number) => localTime(instant).slice(0, 10);
    const day = dayOf(all[0] ?? 0);
    // A rule has times of a day: what falls on the next day is left out.
    const instants = all.filter((instant) => dayOf(instant) === day);
    const facts = {
      speakers: work.speakers.map((index) => this.#id(index)),
      durationMs: (content: number) => this.#content(content).durationMs,
    };
    const airings = instants.flatMap((startsAt) => sessionAirings(work, startsAt, facts));
    return {
      ...{ role: 'editor', method: 'POST', path: '/schedules' },
      body: {
        areaId: AREA,
        content: this.#scheduled(work.contents),
        targets: this.#targets(work.speakers),
        ...recurrence(day, instants),
        start: { mode: 'instant', latenessMs: work.latenessMs },
      },
      meaning: { kind: 'air', airings },
    };
  }

  #scheduled(contents: readonly number[]): object {
    const [only = 0, ...more] = contents;
    if (more.length === 0)
      return { kind: 'announcement', announcementId: this.#content(only).announcementId };
    const programme = this.#facts.programmes.find((one) => one.contents.join() === contents.join());
    if (programme === undefined)
      throw new Error(`the plan names a programme of ${contents.join()}, which was not made`);
    return { kind: 'programme', programmeId: programme.id };
  }

  #latch(work: Extract<Work, { kind: 'latch' }>): Omit<Request, 'call'> {
    const { speaker } = work;
    const scope = speaker === null ? { kind: 'area', id: AREA } : { kind: 'speaker', id: this.#id(speaker) };
    return {
      ...{ role: 'editor', method: 'POST', path: '/latches' },
      body: { scope, reason: 'thử dừng' },
      meaning: {
        ...{ kind: 'silence', by: 'latch' },
        speakers: speaker === null ? this.#facts.speakers : [this.#id(speaker)],
      },
    };
  }

  /** What follows from an earlier answer; nothing where there was none. */
  async #takeBack(
    call: string,
    work: Extract<Work, { kind: 'cancel' | 'delete' | 'unmute' | 'release' }>,
  ): Promise<Answer | undefined> {
    const of = nameOf(work.of);
    const answer = await this.#answers.get(work.of);
    if (answer === undefined) return undefined;
    const id = idIn(answer);
    switch (work.kind) {
      case 'cancel':
        return this.#caller.ask({
          ...{ call, role: 'editor', method: 'POST', path: `/broadcasts/${id}/cancel` },
          body: { reason: 'thử huỷ' },
          meaning: { kind: 'revoke', of },
        });
      case 'delete':
        return this.#caller.ask({
          ...{ call, role: 'editor', method: 'DELETE', path: `/schedules/${id}` },
          body: undefined,
          meaning: { kind: 'revoke', of },
        });
      case 'unmute':
        return this.#caller.ask({
          ...{ call, role: 'technician', method: 'PATCH', path: `/speakers/${id}` },
          body: { mute: null },
          meaning: { kind: 'unsilence', of },
        });
      case 'release':
        return this.#caller.ask({
          ...{ call, role: 'editor', method: 'POST', path: `/latches/${id}/release` },
          body: { reason: 'thử xong' },
          meaning: { kind: 'unsilence', of },
        });
      default:
        return work.kind satisfies never;
    }
  }

  #airing(work: Extract<Work, { kind: 'play' }>, startsAt: number) {
    const speakers = work.speakers.map((index) => this.#id(index));
    return { content: work.content, speakers, startsAt, latenessMs: work.latenessMs };
  }

  #targets(speakers: readonly number[]): object {
    const all = speakers.length === this.#facts.speakers.length;
    return all ? { areas: [AREA] } : { speakers: speakers.map((index) => this.#id(index)) };
  }

  #content(number: number) {
    const content = this.#facts.contents.find((one) => one.number === number);
    if (content === undefined) throw new Error(`the plan names content ${number}, which was not made`);
    return content;
  }

  #id(index: number): string {
    return this.#facts.speakers[index] ?? '';
  }
}

/** An instant as the commune's clocks show it: "2030-02-02T05:30:15…". */
function localTime(instant: number): string {
  return new Date(instant + ZONE_MS).toISOString();
}

/** A rule for these instants of a day and no others. */
function recurrence(day: string, instants: readonly number[]): object {
  const times = instants.map((instant) => localTime(instant).slice(11, 19));
  if (times.length === 1) return { recurrence: { kind: 'once', day, time: times[0] } };
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay() || 7;
  return { recurrence: { kind: 'weekly', days: [weekday], times }, fromDay: day, untilDay: day };
}

/** How a piece of work is called in the log. */
function nameOf(number: number): string {
  return `work-${number}`;
}

function idIn(answer: Answer): string {
  const { id, speaker } = answer as { id?: string; speaker?: { id: string } };
  return id ?? speaker?.id ?? '';
}

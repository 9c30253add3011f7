import type { CallRecord, Evidence, RunContent } from './evidence.ts';

/** One airing as the tester's own log has it. */
export interface Airing {
  /** The call that asked for it. */
  readonly call: string;
  readonly content: RunContent;
  readonly speakers: readonly string[];
  /** Of the first sound; the content's own begins here, or after a tone. */
  readonly startsAt: number;
  /** Of the content. */
  readonly latestStartAt: number;
  readonly endsAt: number;
  readonly hardEndAt: number;
  readonly askedAt: number;
  /** When the controller had said yes; null: never heard. */
  readonly ackedAt: number | null;
  /** The broadcast's id, where the answer told it. */
  readonly broadcastId: string | null;
  /** The schedule's id, where it is of one. */
  readonly scheduleId: string | null;
  /** Somebody asked to take it back: from the first request on, and since the yes. */
  readonly revoked: { readonly askedAt: number; readonly ackedAt: number | null } | null;
}

/** A time in which something is to be silent. */
export interface Silence {
  readonly call: string;
  readonly by: 'mute' | 'latch';
  readonly speakers: readonly string[];
  readonly askedAt: number;
  readonly ackedAt: number | null;
  /** First request to lift it, and its yes. */
  readonly liftAskedAt: number | null;
  readonly liftedAt: number | null;
}

/** What every broadcast has after its last possible end: published with the order. */
const END_MARGIN_MS = 5_000;
/** An emergency is preceded by an attention tone of up to this long (EN 50849: 4 to 10 s). */
const LONGEST_TONE_MS = 10_000;

interface Asked {
  readonly call: string;
  readonly record: CallRecord;
  readonly askedAt: number;
  readonly ackedAt: number | null;
  readonly refused: boolean;
  readonly answer: unknown;
}

/** The calls of a log, each with its first request and its yes. */
export function callsOf(calls: readonly CallRecord[]): Asked[] {
  const names = [...new Set(calls.map(({ call }) => call))];
  return names.map((call) => {
    const records = calls.filter((one) => one.call === call);
    const [record] = records as [CallRecord];
    const yes = records.find(
      ({ phase, status }) => phase === 'after' && typeof status === 'number' && status < 300,
    );
    const last = records.at(-1);
    const status = last?.status ?? null;
    return {
      ...{ call, record, askedAt: record.at, ackedAt: yes?.at ?? null, answer: yes?.answer },
      // Only a refusal of the only request is a no: one that follows a lost answer leaves open what that one did.
      refused: yes === undefined && records.length === 2 && status !== null && status < 500,
    };
  });
}

/** Everything that was asked to sound, refused requests left out. */
export function airingsOf({ calls, facts }: Pick<Evidence, 'calls' | 'facts'>): Airing[] {
  const asked = callsOf(calls).filter(({ refused }) => !refused);
  return asked.flatMap(({ call, record: { meaning, path }, askedAt, ackedAt, answer }) => {
    if (meaning.kind !== 'air') return [];
    const taken = asked.find(({ record }) => record.meaning.kind === 'revoke' && record.meaning.of === call);
    return meaning.airings.map(({ content: number, speakers, startsAt, latenessMs }): Airing => {
      const content = facts.contents.find((one) => one.number === number);
      if (content === undefined) throw new Error(`the log names content ${number}, which was not made`);
      const id = (answer as { id?: string } | undefined)?.id ?? null;
      const toneMs = content.priority === 'emergency' ? LONGEST_TONE_MS : 0;
      const latestStartAt = startsAt + latenessMs + toneMs;
      return {
        ...{ call, content, speakers, startsAt, latestStartAt, askedAt, ackedAt },
        endsAt: startsAt + toneMs + content.durationMs,
        hardEndAt: latestStartAt + content.durationMs + END_MARGIN_MS,
        broadcastId: path === '/broadcasts' ? id : null,
        scheduleId: path === '/schedules' ? id : null,
        revoked: taken === undefined ? null : { askedAt: taken.askedAt, ackedAt: taken.ackedAt },
      };
    });
  });
}

/** Mutes and latches. */
export function silencesOf({ calls }: Pick<Evidence, 'calls'>): Silence[] {
  const asked = callsOf(calls).filter(({ refused }) => !refused);
  return asked.flatMap(({ call, record: { meaning }, askedAt, ackedAt }) => {
    if (meaning.kind !== 'silence') return [];
    const lift = asked.find(
      ({ record }) => record.meaning.kind === 'unsilence' && record.meaning.of === call,
    );
    return [
      {
        ...{ call, by: meaning.by, speakers: meaning.speakers, askedAt, ackedAt },
        liftAskedAt: lift?.askedAt ?? null,
        liftedAt: lift?.ackedAt ?? null,
      },
    ];
  });
}

import {
  type CancelOrder,
  type JournalEntry,
  journalBatchCodec,
  type PlayOrder,
  payloadOf,
} from '#protocols';
import type { Stretch } from './ears.ts';
import type { Overheard, OwnedLine } from './owned-line.ts';

/** What of the line shows why something sounded. */
const TELLING = /^(areaOrder|order|answer|journal|journalAck|hello|welcome)$/;
/** So much of a message that is not taken apart. */
const SHOWN = 200;

export const isOrder = ({ name }: Overheard): boolean => /order$/i.test(name);

/** What an order says, proved by nobody. */
export function orderIn({ payload }: Overheard): PlayOrder | CancelOrder {
  return JSON.parse(payloadOf(payload).toString()) as PlayOrder | CancelOrder;
}

/**
 * What sounded and what went by on a line since `from` (ms since 1970), one event a line, in the order of time: a test that fails says with it
 * which order a sound belongs to.
 */
export function lineAccount(
  line: Pick<OwnedLine, 'overheard' | 'kept' | 'told'>,
  heard: ReadonlyMap<string, readonly Stretch[]>,
  from: number,
): string {
  const events: [number, string][] = [];
  for (const [speaker, stretches] of heard)
    for (const { content, fromMs, toMs, startedAt, endedAt, recording } of stretches)
      events.push([
        startedAt,
        `${speaker} HEARD ${content ?? 'a sound'} ${fromMs}–${toMs} ms until ${instant(endedAt)} in ${recording}`,
      ]);
  const said = (what: string, messages: readonly Overheard[]) => {
    for (const one of messages)
      if (one.at >= from && TELLING.test(one.name))
        events.push([one.at, `${one.speaker} ${what} ${one.name} ${wordsOf(one)}`]);
  };
  said(
    'passed',
    line.overheard.filter((one) => !line.kept.includes(one)),
  );
  said('KEPT', line.kept);
  said('TOLD BY THE ATTACKER', line.told);
  return events
    .sort(([a], [b]) => a - b)
    .map(([at, text]) => `${instant(at)} ${text}`)
    .join('\n');
}

function instant(at: number): string {
  return new Date(at).toISOString().slice(11, 23);
}

function wordsOf(message: Overheard): string {
  try {
    if (isOrder(message)) {
      const said = orderIn(message);
      const times = said.kind === 'play' ? ` ${instant(said.startsAt)}–${instant(said.latestStartAt)}` : '';
      return `${said.kind} ${said.id} of ${said.broadcastId}${times}`;
    }
    if (message.name === 'journal') {
      const entries = journalBatchCodec.parse(message.payload).lines;
      return entries.map((line) => entryText(JSON.parse(line) as JournalEntry)).join('; ');
    }
  } catch {
    // An attacker's words need not be well-formed.
  }
  return message.payload.slice(0, SHOWN);
}

function entryText({ seq, kind, broadcastId, play, fromMs, toMs, code }: JournalEntry): string {
  const range = toMs === undefined ? [] : [`${fromMs ?? 0}–${toMs} ms`];
  const words = [seq, kind, broadcastId, play && `play ${play}`, ...range, code];
  return words.filter((word) => word !== undefined).join(' ');
}

import { type Assignment, holds } from '#protocols';
import type { TrustedTime } from '../clock/index.ts';
import type { PlayRequest } from '../playback/index.ts';
import { endOf, type Situation, soundsAnyway } from '../playback-control/arbitrate.ts';
import type { PlayItem } from './play-item.ts';

/** The moment as `arbitrate` wants it. `atMs` is the local monotonic time. */
export function situationOf(
  all: Iterable<PlayItem>,
  facts: {
    readonly time: TrustedTime;
    readonly atMs: number;
    readonly assignment: Assignment | undefined;
    readonly journalOk: boolean;
    readonly current: string | null;
  },
): Situation {
  const { time, atMs, assignment, journalOk, current } = facts;
  const { instant, trust } = time.now();
  const items = [...all].filter(({ cancelledBy }) => cancelledBy === null);
  // An order was issued before it came, and since then at least so much has passed.
  const issued = items
    .filter(({ fresh }) => fresh)
    .map(({ order, heardAtMs }) => order.issuedAt + (atMs - heardAtMs));
  const notBefore = Math.max(time.lastSignedAt ?? 0, ...issued);
  // A hold has ended when that is certain: a clock that nothing vouches for does not end it.
  const sure = trust === 'trusted' ? instant : notBefore;
  return {
    now: instant,
    notBefore,
    trust,
    muted: holds(assignment?.mute ?? null, sure),
    maintenance: holds(assignment?.maintenance ?? null, sure),
    journalOk,
    items: items.map((item) => item.item()),
    current,
  };
}

/** What the engine is asked for. One repetition at a time: between two, something else may sound. */
export function playRequest(
  item: PlayItem,
  situation: Situation,
  file: string,
  volume: Assignment['volume'] | undefined,
): PlayRequest {
  const wanted = item.item();
  const atOnce = soundsAnyway(wanted, situation);
  const startAt = atOnce || item.phase === 'interrupted' ? situation.now : wanted.plannedAt;
  const { hardEndAt, startsAt } = item.order;
  return {
    file,
    durationMs: item.content.durationMs,
    startAt,
    ...(atOnce ? {} : { latestStartAt: wanted.latestStartAt }),
    hardEndAt: atOnce ? startAt + (hardEndAt - startsAt) : endOf(wanted),
    gainDb: gainDb(item, volume),
    offsetMs: item.resumeFromMs,
  };
}

function gainDb(item: PlayItem, volume: Assignment['volume'] | undefined): number {
  const sum = (volume?.gainDb ?? 0) + item.order.volume.gainDb;
  const free = item.emergency && item.order.volume.ignoreCap;
  return free || volume === undefined ? sum : Math.min(sum, volume.capDb);
}

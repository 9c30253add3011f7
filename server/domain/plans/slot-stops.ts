import type { Instant } from '#kit';
import {
  arbitrate,
  itemOf,
  type LocalRules,
  latchCodec,
  type PlayOrder,
  payloadOf,
  plannedItem,
  type Situation,
  type UnreadyReason,
} from '#protocols';
import type { AreaTree } from '../areas/area.ts';
import { rulesOf, rulesRange } from '../policies/local-rules.ts';
import { policyOf } from '../policies/policy.ts';
import type { HeldDocument } from './held-documents.ts';

/** What holds at a loudspeaker when a slot begins. */
export interface SpeakerHolds {
  readonly areaId: string;
  readonly sensitive: boolean;
  readonly muted: boolean;
  readonly maintenance: boolean;
  /** Ids of the latches that are set there. */
  readonly latches: readonly string[];
}

const FREE = { muted: false, maintenance: false, latches: [] as readonly string[] };

/** Why a loudspeaker that has a slot would leave it out: decided by what decides it there, `arbitrate`. For one report: what was found is kept. */
export class SlotStops {
  readonly #tree: AreaTree;
  readonly #now: Instant;
  readonly #rules = new Map<string, LocalRules>();
  readonly #latches = new Map<string, string | null>();

  constructor(options: { readonly tree: AreaTree; readonly now: Instant }) {
    this.#tree = options.tree;
    this.#now = options.now;
  }

  /** Every reason by itself: what ends one of them may leave another. */
  of(order: PlayOrder, { areaId, sensitive, muted, maintenance, latches }: SpeakerHolds): UnreadyReason[] {
    const rules = this.#rulesAt(areaId, sensitive);
    const stopped = (held: Partial<typeof FREE>) => blockOf(order, { ...FREE, rules, ...held });
    const reasons: UnreadyReason[] = [];
    if (muted && stopped({ muted }) === 'order.muted') reasons.push('muted');
    if (maintenance && stopped({ maintenance }) === 'order.maintenance') reasons.push('maintenance');
    if (latches.length > 0 && stopped({ latches }) === 'order.latched') reasons.push('latched');
    if (stopped({}) !== undefined) reasons.push('outside_window');
    return reasons;
  }

  /** Ids of those among these documents that are latches which are set. */
  latchesOf(documents: readonly HeldDocument[]): string[] {
    return documents.flatMap(({ kind, hash, document }) => {
      if (kind !== 'latch') return [];
      let id = this.#latches.get(hash);
      if (id === undefined) {
        const latch = latchCodec.parse(payloadOf(document));
        id = latch.state === 'set' ? latch.id : null;
        this.#latches.set(hash, id);
      }
      return id ?? [];
    });
  }

  #rulesAt(areaId: string, sensitive: boolean): LocalRules {
    const key = `${areaId} ${sensitive}`;
    const known = this.#rules.get(key);
    if (known !== undefined) return known;
    const { from, until } = rulesRange(this.#now);
    const tree = this.#tree;
    const rules = rulesOf(policyOf(tree.policyOf(areaId)), tree.zoneOf(areaId), from, until, sensitive);
    this.#rules.set(key, rules);
    return rules;
  }
}

/** What keeps an order from sounding at its start, on a loudspeaker that is well and holds all of it. */
function blockOf(order: PlayOrder, held: Pick<Situation, 'muted' | 'maintenance' | 'latches' | 'rules'>) {
  const progress = { repetitions: 0, resumeFromMs: 0, interrupted: false };
  const local = { ready: true, trouble: null, fresh: false, blockedBy: null };
  const item = itemOf(plannedItem(order, null), progress, local);
  const { blocked } = arbitrate({
    ...{ now: order.startsAt, notBefore: order.startsAt, trust: 'trusted', ...held, holdEnds: [] },
    ...{ history: [], journalOk: true, items: [item], current: null, voice: null },
  });
  return blocked.get(item.id);
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PlayOrder, slotLine } from '#protocols';
import type { SlotInForce } from '../../../device-agent/plan/held-plan.ts';
import {
  nextSlotAt,
  type PlanFacts,
  type PlanStep,
  reconcile,
  SLOT_AHEAD_MS,
} from '../../../device-agent/plan/reconcile.ts';
import type { OrderRecord } from '../../../device-agent/state/order-store.ts';
import { playOrder } from '../../integration/agent/test-controller.ts';

const NOW = Date.UTC(2026, 0, 5);
const HOUR = 3_600_000;
const content = { kind: 'file', sha256: 'a'.repeat(64), durationMs: 60_000 } as PlayOrder['content'];

function slot(broadcastId: string, change: Partial<PlayOrder> = {}): SlotInForce {
  const order = playOrder(content, {
    ...{ startsAt: NOW + HOUR, revision: 1, id: `ord-${broadcastId}`, broadcastId },
    ...change,
  });
  return { ...slotLine(order), scope: 'area.tan-an', validUntil: NOW + 14 * 24 * HOUR };
}

function record({ hash, order }: SlotInForce, change: Partial<OrderRecord> = {}): OrderRecord {
  const { id: orderId, broadcastId, revision, expiresAt } = order;
  return {
    ...{ v: 1, origin: 'plan', scope: 'area.tan-an', document: '', hash, kind: 'play', orderId, broadcastId },
    ...{ revision, acceptedAt: 0, number: 1, expiresAt, phase: 'open', plays: 0, repetitions: 0 },
    ...{ resumeFromMs: 0, ready: false, ended: null },
    ...change,
  };
}

function steps(change: Partial<PlanFacts>): string[] {
  const facts: PlanFacts = {
    ...{ now: NOW, trusted: true, speakerId: 'spk-1', areas: ['vn', 'tan-an'], slots: [], unsure: new Set() },
    ...{ records: [], underWay: new Set(), begun: new Set(), refusal: () => null },
    ...change,
  };
  return reconcile(facts).map(said);
}

function said(step: PlanStep): string {
  const of = 'slot' in step ? step.slot.order.broadcastId : step.record.broadcastId;
  const replaces = 'replaces' in step && step.replaces.length > 0 ? ` for ${step.replaces.length}` : '';
  return `${step.kind} ${of}${'code' in step ? ` ${step.code}` : ''}${replaces}`;
}

describe('a slot', () => {
  it('is taken two days ahead, in the order of the plan', () => {
    const far = slot('far', { startsAt: NOW + SLOT_AHEAD_MS + 1 });
    const session = { id: 'ses-1' };
    const [second, first] = [1, 0].map((position) =>
      slot(`p${position}`, { session: { ...session, position } }),
    );
    const slots = [far, second, first].filter((one) => one !== undefined);
    expect(steps({ slots })).toEqual(['take p0', 'take p1']);
    expect(nextSlotAt(slots, NOW)).toBe(NOW + 1);
    expect(nextSlotAt([], NOW)).toBeNull();
  });

  it('of others is no business of ours, and what we had of it goes', () => {
    const others = slot('a', {
      targets: { areas: ['hoa-binh'], speakers: [], excludeAreas: [], excludeSpeakers: [] },
    });
    expect(steps({ slots: [others] })).toEqual([]);
    expect(steps({ slots: [others], records: [record(others)] })).toEqual(['withdraw a']);
  });

  it('in other words takes the place of the one before, unless that has begun', () => {
    const [old, renewed] = [slot('a'), slot('a', { title: 'Khác' })];
    const under = (change: Partial<OrderRecord>) =>
      steps({ slots: [renewed], records: [record(old, change)], underWay: new Set([old.hash]) });
    expect(under({})).toEqual(['take a for 1']);
    expect(under({ phase: 'playing', plays: 1 })).toEqual([]);
    expect(under({ phase: 'interrupted', plays: 1 })).toEqual([]);
    expect(under({ phase: 'done', plays: 1 })).toEqual([]);
    // Missed, and planned anew.
    expect(under({ phase: 'done' })).toEqual(['take a']);
    expect(steps({ slots: [renewed], begun: new Set(['a']) })).toEqual([]);
  });

  it('that was put off is not on its way until its day comes near', () => {
    const old = slot('a');
    const later = slot('a', { startsAt: NOW + 5 * 24 * HOUR });
    expect(steps({ slots: [later], records: [record(old)] })).toEqual(['withdraw a']);
  });

  it('yields to an order of its own with the same or a higher revision, and to a cancel', () => {
    const planned = slot('a', { revision: 5 });
    const of = (change: Partial<OrderRecord>) =>
      steps({ slots: [planned], records: [record(slot('a'), change)] });
    expect(of({ origin: 'order', scope: null, revision: 5 })).toEqual([]);
    expect(of({ origin: 'order', scope: null, revision: 4 })).toEqual(['take a for 1']);
    expect(of({ origin: 'order', kind: 'cancel', phase: 'done', revision: 5 })).toEqual([]);
    expect(of({ origin: 'order', kind: 'cancel', phase: 'done', revision: 4 })).toEqual(['take a']);
  });

  it('that was cancelled and is planned again under a higher revision is live, and under the same or a lower one it is not', () => {
    const old = slot('a', { revision: 4 });
    const cancelled = [
      record(old, { phase: 'done', ready: true, ended: { epoch: 'e', seq: 3, at: 0 } }),
      record(slot('a'), {
        origin: 'order',
        kind: 'cancel',
        phase: 'done',
        orderId: 'ord_c',
        hash: 'c',
        revision: 4,
      }),
    ];
    const again = (revision: number, ...more: OrderRecord[]) =>
      steps({ slots: [slot('a', { revision })], records: [...cancelled, ...more] });
    expect(again(5)).toEqual(['take a']);
    expect(again(4)).toEqual([]);
    expect(again(3)).toEqual([]);
    // A later cancel counts again, and what had begun before the cancel never does.
    const later = { ...cancelled[1], revision: 5, orderId: 'ord_c2', hash: 'd' } as OrderRecord;
    expect(again(5, later)).toEqual([]);
    expect(steps({ slots: [slot('a', { revision: 5 })], records: cancelled, begun: new Set(['a']) })).toEqual(
      [],
    );
  });

  it('that comes too late is told once, and older ones are nobody’s business', () => {
    const late = slot('a', { startsAt: NOW - HOUR, latestStartAt: NOW - 1, expiresAt: NOW + HOUR });
    expect(steps({ slots: [late] })).toEqual(['miss a order.too_late']);
    expect(steps({ slots: [late], records: [record(late, { phase: 'done' })] })).toEqual([]);
    expect(steps({ slots: [slot('a', { startsAt: NOW - 9 * HOUR, expiresAt: NOW })] })).toEqual([]);
    // Without trusted time nothing is too late.
    expect(steps({ slots: [late], trusted: false })).toEqual(['take a']);
  });

  it('that cannot be played here is told once', () => {
    const refusal = () => 'order.unsupported' as const;
    const bad = slot('a');
    expect(steps({ slots: [bad], refusal })).toEqual(['refuse a order.unsupported']);
    expect(steps({ slots: [bad], refusal, records: [record(bad, { phase: 'done' })] })).toEqual([]);
  });

  it('that the plan does not name is withdrawn, but not while a document is missing', () => {
    const gone = record(slot('a'));
    expect(steps({ records: [gone] })).toEqual(['withdraw a']);
    const unsure = new Set(['area.tan-an']);
    expect(steps({ records: [gone], unsure })).toEqual([]);
    expect(steps({ records: [{ ...gone, expiresAt: NOW }], unsure })).toEqual(['lapse a']);
  });

  it('with a record that is not on its way goes on', () => {
    const held = slot('a');
    expect(steps({ slots: [held], records: [record(held)] })).toEqual(['resume a']);
    expect(steps({ slots: [held], records: [record(held)], underWay: new Set([held.hash]) })).toEqual([]);
  });
});

/** A loudspeaker that carries out the steps, and keeps its own account of what sounded. */
class Model {
  now = NOW;
  slots: SlotInForce[] = [];
  readonly records = new Map<string, OrderRecord>();
  readonly items = new Map<string, SlotInForce>();
  readonly sounded: string[] = [];
  readonly begun = new Set<string>();

  look(): void {
    const { now, slots, begun } = this;
    const facts: PlanFacts = {
      ...{ now, trusted: true, speakerId: 'spk-1', areas: ['tan-an'], slots, unsure: new Set(), begun },
      ...{ records: [...this.records.values()], underWay: new Set(this.items.keys()), refusal: () => null },
    };
    for (const step of reconcile(facts)) {
      if (!('slot' in step)) this.#drop(step.record);
      else if (step.kind === 'resume') this.items.set(step.slot.hash, step.slot);
      else {
        for (const one of step.replaces) this.#drop(one);
        const taken = step.kind === 'take';
        this.records.set(step.slot.hash, record(step.slot, { phase: taken ? 'open' : 'done' }));
        if (taken) this.items.set(step.slot.hash, step.slot);
      }
    }
  }

  /** Whatever is due sounds, or is too late. */
  play(): void {
    for (const [hash, { order }] of this.items) {
      const late = this.now > order.latestStartAt;
      if (this.now < order.startsAt && !late) continue;
      this.items.delete(hash);
      const held = this.records.get(hash);
      if (held !== undefined) this.records.set(hash, { ...held, phase: 'done', plays: late ? 0 : 1 });
      if (late) continue;
      const named = this.slots.some((one) => one.hash === hash);
      this.sounded.push(`${order.broadcastId}${named ? '' : ' withdrawn'}`);
      this.begun.add(order.broadcastId);
    }
  }

  /** The power goes: items are gone, the disk is not; sometimes a record is lost too. */
  restart(lose: boolean): void {
    this.items.clear();
    const [first] = this.records.keys();
    if (lose && first !== undefined) this.records.delete(first);
  }

  #drop({ hash }: OrderRecord): void {
    this.items.delete(hash);
    const held = this.records.get(hash);
    if (held === undefined) return;
    if (held.plays > 0) this.records.set(hash, { ...held, phase: 'done' });
    else this.records.delete(hash);
  }
}

const acts = fc.array(
  fc.record({
    kind: fc.constantFrom('withdraw', 'renew', 'move', 'restart', 'lose', 'wait', 'back'),
    id: fc.nat(4),
    hours: fc.integer({ min: -10, max: 70 }),
    ms: fc.nat(3 * HOUR),
  }),
  { maxLength: 40 },
);

it('whatever becomes of a plan, nothing is begun twice and nothing that was withdrawn sounds', () => {
  fc.assert(
    fc.property(acts, (turns) => {
      const model = new Model();
      for (const [turn, { kind, id, hours, ms }] of turns.entries()) {
        const broadcastId = `b${id}`;
        const others = model.slots.filter(({ order }) => order.broadcastId !== broadcastId);
        if (kind === 'withdraw') model.slots = others;
        else if (kind === 'restart' || kind === 'lose') model.restart(kind === 'lose');
        else if (kind === 'wait') model.now += ms;
        else if (kind === 'back') model.now -= ms;
        else {
          const startsAt = model.now + hours * HOUR;
          const change = { revision: turn + 2, startsAt, latestStartAt: startsAt + HOUR };
          model.slots = [...others, slot(broadcastId, change)];
        }
        model.look();
        model.play();
        // A second look with nothing new changes nothing.
        const before = [...model.items.keys()];
        model.look();
        expect([...model.items.keys()]).toEqual(before);
        const named = new Map(model.slots.map((one) => [one.order.broadcastId, one.hash]));
        for (const [hash, { order }] of model.items) expect(hash).toBe(named.get(order.broadcastId));
      }
      expect(model.sounded).toEqual([...new Set(model.sounded)]);
      expect(model.sounded.filter((one) => one.endsWith('withdrawn'))).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

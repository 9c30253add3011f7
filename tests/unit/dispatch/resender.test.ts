import { beforeEach, describe, expect, it } from 'vitest';
import { DomainError, type DownTopicName, generateSigningKey, PENDING, signDocument } from '#protocols';
import { LiveOrders } from '../../../server/domain/dispatch/live-orders.ts';
import { Resender } from '../../../server/domain/dispatch/resender.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';

const KEY = generateSigningKey();

describe('orders that nobody answered', () => {
  const clock = new FakeClock();
  let sent: string[];
  let connected: boolean;
  let online: Set<string>;
  let orders: LiveOrders;
  let resender: Resender;
  let errors: unknown[];

  beforeEach(async () => {
    sent = [];
    errors = [];
    connected = true;
    online = new Set(['a', 'b', 'c']);
    orders = new LiveOrders({ areasOf: (id) => (id === 'z' ? ['other'] : ['vn', 'ap-1']) });
    resender = new Resender({
      orders,
      clock,
      publisher: {
        get connected() {
          return connected;
        },
        publish: async (_name: DownTopicName, id: string) => {
          if (!connected) throw new DomainError('message.disconnected', { topic: id });
          sent.push(id);
        },
      },
      isOnline: (id) => online.has(id),
      onError: (error) => errors.push(error),
    });
    await resender.start();
    return async () => {
      await resender.stop();
      expect(clock.pendingTimers()).toEqual([]);
      expect(errors).toEqual([]);
    };
  });

  async function publish(
    orderId: string,
    over: { readonly kind?: string; readonly expiresInMs?: number; readonly excludeSpeakers?: string[] } = {},
  ) {
    const { kind = 'play', expiresInMs = 60_000, excludeSpeakers = [] } = over;
    const header = {
      v: 1,
      kind,
      id: orderId,
      broadcastId: 'brc-1',
      revision: 1,
      targets: { areas: ['ap-1'], speakers: [], excludeAreas: [], excludeSpeakers },
      requires: [],
      issuedAt: clock.now(),
      expiresAt: clock.now() + expiresInMs,
    };
    const document = await signDocument('order', header, KEY);
    const snapshot = { broadcastId: 'brc-1', speakerIds: ['a', 'b', 'c', 'z'] };
    const order = orders.add({ orderId, broadcastId: 'brc-1', document }, snapshot, Number.POSITIVE_INFINITY);
    resender.published(order);
    return order;
  }

  it('of a broadcast that was put off are not answered by what a journal says of the order before', async () => {
    const first = await publish('ord-1');
    orders.heard('brc-1', 'a', { ...PENDING, state: 'accepted' });
    expect([...first.unanswered]).toEqual(['b', 'c']);
    const later = await publish('ord-2');
    orders.heard('brc-1', 'a', { ...PENDING, state: 'ready' });
    expect([...later.unanswered]).toEqual(['a', 'b', 'c']);
    // It is over there, whichever order it was of.
    orders.heard('brc-1', 'a', { ...PENDING, state: 'finished' });
    expect([...later.unanswered]).toEqual(['b', 'c']);
    orders.answered('ord-2', 'b');
    expect([...later.unanswered]).toEqual(['c']);
  });

  it('are sent again with growing pauses to who is there, until answered or expired', async () => {
    const order = await publish('ord-1');
    expect([...order.unanswered]).toEqual(['a', 'b', 'c']);
    online.delete('c');
    orders.answered('ord-1', 'a');
    await clock.advance(4_999);
    expect(sent).toEqual([]);
    await clock.advance(1);
    expect(sent).toEqual(['b']);
    await clock.advance(9_999);
    expect(sent).toEqual(['b']);
    online.add('c');
    await clock.advance(1);
    expect(sent).toEqual(['b', 'b', 'c']);
    await clock.advance(20_000);
    expect(sent).toHaveLength(5);
    await clock.advance(600_000);
    expect(sent).toHaveLength(5);
    expect(orders.size).toBe(0);
  });

  it('go to a speaker at its hello at once, a cancellation instead of what it takes back', async () => {
    await publish('ord-1');
    await publish('ord-2', { kind: 'cancel' });
    await resender.sendDue('c');
    expect(sent).toEqual(['c']);
    orders.answered('ord-2', 'c');
    await resender.sendDue('c');
    expect(sent).toEqual(['c']);
    expect(orders.kindOf('ord-2')).toBe('cancel');
  });

  it('are not sent to who is left out, nor to who told of it in the journal', async () => {
    const order = await publish('ord-1', { excludeSpeakers: ['b'] });
    expect([...order.unanswered]).toEqual(['a', 'c']);
    orders.heard('brc-1', 'a', { ...PENDING, state: 'ready' });
    await clock.advance(5_000);
    expect(sent).toEqual(['c']);
  });

  it('wait while there is no broker, and lose no turn by it', async () => {
    await publish('ord-1');
    connected = false;
    await clock.advance(5_000);
    await resender.sendDue('a');
    expect(sent).toEqual([]);
    connected = true;
    await clock.advance(10_000);
    expect(sent).toEqual(['a', 'b', 'c']);
  });

  it('expire at once when the wall clock is set past their end', async () => {
    await publish('ord-1');
    clock.jump(3_600_000);
    await clock.advance(30_000);
    expect(sent).toEqual([]);
    expect(orders.size).toBe(0);
    clock.jump(-3_600_000);
  });
});

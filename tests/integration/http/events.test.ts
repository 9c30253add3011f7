import { expect, it } from 'vitest';
import { EventHub } from '../../../server/domain/events/event-hub.ts';
import { startController, type TestController, type Who } from './support.ts';

interface Received {
  readonly id: string;
  readonly name: string;
  readonly data: Record<string, unknown>;
}

/** Reads an event stream until `count` events have come. */
async function read(
  controller: TestController,
  who: Who,
  count: number,
  lastEventId?: string,
): Promise<Received[]> {
  const url = new URL('/api/v1/events', controller.app.listeningOrigin);
  const abort = new AbortController();
  const response = await fetch(url, {
    headers: {
      ...controller.credentials(who),
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
    signal: abort.signal,
  });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const received: Received[] = [];
  let text = '';
  for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += piece;
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? '';
      if (field('event') !== '')
        received.push({ id: field('id'), name: field('event'), data: JSON.parse(field('data')) });
    }
    if (received.length >= count) break;
  }
  abort.abort();
  return received;
}

async function listening(hub: EventHub): Promise<TestController> {
  const controller = await startController({ events: hub });
  await controller.app.listen({ host: '127.0.0.1', port: 0 });
  return controller;
}

const change = (broadcastId: string, areaId: string) => ({ broadcastId, areaId, state: 'issued' });

it('sends the events of the actor’s areas, and goes on where a reader left', async () => {
  const hub = new EventHub();
  const controller = await listening(hub);
  const [hello] = await read(controller, 'viewer', 1);
  expect(hello?.name).toBe('hello');
  hub.publish('broadcast.changed', change('brc_1', 'ap-1'));
  hub.publish('broadcast.changed', change('brc_2', 'noi-khac'));
  hub.publish('broadcast.changed', change('brc_3', 'ap-2'));
  const ours = await read(controller, 'viewer', 3, hello?.id);
  expect(ours.map(({ data }) => data['broadcastId'])).toEqual([undefined, 'brc_1', 'brc_3']);
  const theirs = await read(controller, 'other viewer', 2, hello?.id);
  expect(theirs.map(({ data }) => data['broadcastId'])).toEqual([undefined, 'brc_2']);
  const rest = await read(controller, 'viewer', 2, ours[1]?.id);
  expect(rest.map(({ data }) => data['broadcastId'])).toEqual([undefined, 'brc_3']);
});

it('tells a reader to load afresh when its place is lost', async () => {
  const hub = new EventHub({ capacity: 4 });
  const controller = await listening(hub);
  const [hello] = await read(controller, 'viewer', 1);
  for (let i = 0; i < 10; i++) hub.publish('broadcast.changed', change(`brc_${i}`, 'ap-1'));
  const [late] = await read(controller, 'viewer', 1, hello?.id);
  expect(late?.name).toBe('resync');
  const [foreign] = await read(controller, 'viewer', 1, 'of-another-process-5');
  expect(foreign?.name).toBe('resync');
  const [caughtUp] = await read(controller, 'viewer', 1, late?.id);
  expect(caughtUp?.name).toBe('hello');
});

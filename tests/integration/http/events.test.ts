import { expect, it } from 'vitest';
import type { AnnouncementView, ScheduleView } from '#protocols';
import { EventHub } from '../../../server/domain/events/event-hub.ts';
import { medium } from '../../contract/storage/samples.ts';
import { COMMUNE, ELSEWHERE, startController, type TestController, type Who } from './support.ts';

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

it('tells a leader below of what is meant for the commune, and one beside nothing', async () => {
  const hub = new EventHub();
  const controller = await listening(hub);
  const audio = medium({ durationMs: 20_000, bytes: 200_000 });
  await controller.context.storage.transaction((tx) => tx.media.put(audio));
  for (const area of ['ap-1', 'ap-2']) await controller.speaker(`loa-${area}`, area);
  const write = async (over: object): Promise<AnnouncementView> => {
    const wanted = { areaId: COMMUNE, title: 'Tin', mediaSha256: audio.sha256, ...over };
    return (await controller.post<AnnouncementView>('editor', 'announcements', wanted)).body;
  };
  const [hello] = await read(controller, 'ap-1 chairman', 1);
  const [news, theirs] = [await write({}), await write({ forAreas: ['ap-2'] })];
  for (const { id } of [news, theirs]) await controller.post('editor', `announcements/${id}/submit`, {});
  const urgent = await write({ priority: 'emergency' });
  const sha256 = urgent.approvalHash;
  for (const exceptThere of [{}, { excludeAreas: ['ap-1'] }]) {
    const targets = { areas: [COMMUNE], ...exceptThere };
    await controller.post('editor', 'emergencies', { announcementId: urgent.id, sha256, targets });
  }
  const recurrence = { kind: 'weekly', days: [1], times: ['05:40'] };
  const content = { kind: 'announcement', announcementId: news.id };
  const wanted = { areaId: COMMUNE, content, targets: { areas: [COMMUNE] }, recurrence };
  const { body: schedule } = await controller.post<ScheduleView>('editor', 'schedules', wanted);
  const leave = { maxMinutes: 2, expiresAt: Date.now() + 86_400_000 };
  await controller.post('chairman', `schedules/${schedule.id}/standing-approval`, leave);
  // For everybody who listens, the last one.
  for (const areaId of ['ap-1', ELSEWHERE]) hub.publish('broadcast.changed', change('brc_last', areaId));
  const heard = async (who: Who, count: number) => {
    const received = await read(controller, who, count, hello?.id);
    return received.slice(1).map(({ name, data }) => [name, data['announcementId'] ?? data['exceptAreas']]);
  };
  const last = ['broadcast.changed', undefined];
  expect(await heard('ap-1 chairman', 5)).toEqual([
    ['announcement.changed', news.id],
    ['emergency.changed', []],
    ['approval.standing', undefined],
    last,
  ]);
  expect(await heard('other chairman', 2)).toEqual([last]);
});

it('lets no reader take the streams of others: another one of his ends his oldest', async () => {
  const hub = new EventHub();
  const controller = await listening(hub);
  const url = new URL('/api/v1/events', controller.app.listeningOrigin);
  const open = async (who: Who) => {
    const { body, status } = await fetch(url, { headers: controller.credentials(who) });
    expect(status).toBe(200);
    const reader = (body ?? new ReadableStream()).pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toContain('event: hello');
    return reader;
  };
  const other = await open('auditor');
  const own: Awaited<ReturnType<typeof open>>[] = [];
  for (let i = 0; i < 12; i++) own.push(await open('viewer'));
  for (const ended of own.slice(0, 2)) expect(await ended.read()).toMatchObject({ done: true });
  hub.publish('broadcast.changed', change('brc_1', 'ap-1'));
  for (const kept of [other, ...own.slice(2)]) expect((await kept.read()).value).toContain('brc_1');
  for (const reader of [other, ...own.slice(2)]) await reader.cancel();
});

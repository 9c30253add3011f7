import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import {
  type Assignment,
  assignmentCodec,
  type BroadcastView,
  type CancelOrder,
  cancelOrderCodec,
  payloadOf,
  type SpeakerView,
} from '#protocols';
import { TestSpeaker } from '../mqtt/test-speaker.ts';
import { type Answer, COMMUNE, type Problem, type TestController } from './support.ts';

export const MUTE = { mute: { reason: 'đám tang', until: null } };
export const REASON = 'sai nội dung';

/** A loudspeaker of ap-1 on the wire, greeted before anything happens. */
export async function connected(
  controller: TestController,
  { secret }: { readonly secret: string },
  over: { readonly key?: TestSpeaker['key']; readonly sessionEpoch?: number } = {},
): Promise<TestSpeaker> {
  if (!controller.app.server.listening) await controller.app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = controller.app.server.address() as AddressInfo;
  const speaker = new TestSpeaker({ id: 'loa-1', secret, url: `ws://127.0.0.1:${port}/mqtt`, ...over });
  onTestFinished(() => speaker.cut());
  await speaker.connect([COMMUNE, 'ap-1']);
  await speaker.send('hello', speaker.hello());
  await speaker.welcome();
  return speaker;
}

export function change(controller: TestController, body: object, key: string = randomUUID()) {
  return controller.call<SpeakerView & Problem>('technician', 'PATCH', 'speakers/loa-1', { body, key });
}

export function cancel(controller: TestController, id: string, key: string = randomUUID()) {
  return controller.post<BroadcastView & Problem>(
    'editor',
    `broadcasts/${id}/cancel`,
    { reason: REASON },
    key,
  );
}

export async function played(controller: TestController, drill = false): Promise<BroadcastView> {
  const announcement = await controller.approved();
  const targets = { areas: ['ap-1'] };
  const wanted = { announcementId: announcement.id, targets, drill };
  return (await controller.post<BroadcastView>('editor', 'broadcasts', wanted)).body;
}

export async function nextAssignment(
  speaker: TestSpeaker,
  fits: (assignment: Assignment) => boolean,
): Promise<Assignment> {
  for (;;) {
    const assignment = assignmentCodec.parse(payloadOf(await speaker.next('assignment')));
    if (fits(assignment)) return assignment;
  }
}

export async function nextCancel(speaker: TestSpeaker, name: 'areaOrder' | 'order'): Promise<CancelOrder> {
  for (;;) {
    const payload = payloadOf(await speaker.next(name));
    if (payload.includes('"kind":"cancel"')) return cancelOrderCodec.parse(payload);
  }
}

/** Resolves when the database has everything. */
export async function allStored({ context }: TestController): Promise<void> {
  while (context.services.urgent.waiting > 0) await new Promise((resolve) => setImmediate(resolve));
}

export async function audited({ context }: TestController, action: string): Promise<string[]> {
  const entries = await context.storage.read.audit.list(1, 1_000);
  return entries.filter((entry) => entry.action === action).map(({ detail }) => detail);
}

export function keptIn({ status, headers }: Answer<unknown>) {
  return [status, headers['kept-in'], headers['idempotent-replayed']];
}

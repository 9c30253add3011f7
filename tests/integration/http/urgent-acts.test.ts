import { randomUUID } from 'node:crypto';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { BroadcastView, SpeakerView } from '#protocols';
import { ForeignProcess } from '../../helpers/foreign-process.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { type Problem, startController, type TestController } from './support.ts';
import {
  allStored,
  audited,
  cancel,
  change,
  connected,
  keptIn,
  MUTE,
  nextAssignment,
  nextCancel,
  played,
  REASON,
} from './urgent-support.ts';

function hold(controller: TestController): Promise<ForeignProcess> {
  return ForeignProcess.holding(join(controller.folder, 'data', 'loa.db'), 'IMMEDIATE');
}

describe('while another process holds the database', () => {
  it('a mute reaches its loudspeaker at once, and is in the database once afterwards', async () => {
    const controller = await startController();
    const speaker = await connected(controller, await controller.speaker('loa-1', 'ap-1'));
    const before = await nextAssignment(speaker, () => true);
    const foreign = await hold(controller);
    const key = randomUUID();
    const muted = await change(controller, MUTE, key);
    expect(keptIn(muted)).toEqual([202, 'file', undefined]);
    expect(muted.body.mute).toEqual({ by: 'technician', ...MUTE.mute });
    const held = await nextAssignment(speaker, ({ mute }) => mute !== null);
    expect(held.revision).toBeGreaterThan(before.revision);
    expect(held.revision).toBe(muted.body.assignmentRevision);
    // Nothing of it is in the database, and it is shown all the same.
    const { read } = controller.context.storage;
    expect((await read.speakers.get('loa-1'))?.mute).toBeNull();
    expect((await controller.get<SpeakerView>('viewer', 'speakers/loa-1')).body.mute?.reason).toBe(
      'đám tang',
    );

    const again = await change(controller, MUTE, key);
    expect(keptIn(again)).toEqual([202, 'file', 'true']);
    expect(again.body).toEqual(muted.body);
    expect((await change(controller, { mute: null }, key)).body.error.code).toBe('request.key_reused');
    // On top of the first, at once, though it stands in no database.
    const quieter = await change(controller, { gainDb: -6 });
    expect(quieter.body).toMatchObject({ gainDb: -6, mute: { reason: 'đám tang' } });
    const last = await nextAssignment(speaker, ({ volume }) => volume.gainDb === -6);
    expect(last).toMatchObject({ mute: { reason: 'đám tang' } });
    expect(last.revision).toBeGreaterThan(held.revision);

    await foreign.release();
    await allStored(controller);
    expect(await read.speakers.get('loa-1')).toMatchObject({
      ...{ gainDb: -6, mute: { reason: 'đám tang' }, assignmentRevision: last.revision },
    });
    expect(await audited(controller, 'speaker.change')).toEqual([
      JSON.stringify(MUTE),
      JSON.stringify({ gainDb: -6 }),
    ]);
    const entries = await read.audit.find({ action: 'speaker.change' }, { order: 'newest', limit: 1 });
    expect(entries).toMatchObject([
      { origin: '127.0.0.1', areaId: 'ap-1', before: '{"gainDb":0}', after: '{"gainDb":-6}' },
    ]);
    const late = await change(controller, MUTE, key);
    expect(keptIn(late)).toEqual([202, undefined, 'true']);
    expect(late.body).toEqual(muted.body);
    // What comes now is done as ever, on what is there.
    const loud = await change(controller, { mute: null });
    expect(keptIn(loud)).toEqual([200, undefined, undefined]);
    expect(loud.body).toMatchObject({ gainDb: -6, mute: null });
    await nextAssignment(speaker, ({ mute, revision }) => mute === null && revision > last.revision);
  }, 30_000);

  it('a cancellation reaches who is there, who comes back, and the database once', async () => {
    const controller = await startController();
    const provisioning = await controller.speaker('loa-1', 'ap-1');
    const speaker = await connected(controller, provisioning);
    const { id } = await played(controller, true);
    await speaker.next('areaOrder');
    const foreign = await hold(controller);
    const key = randomUUID();
    const cancelled = await cancel(controller, id, key);
    expect(keptIn(cancelled)).toEqual([202, 'file', undefined]);
    expect(cancelled.body).toMatchObject({ id, state: 'cancelled', cancelReason: REASON });
    const order = await nextCancel(speaker, 'areaOrder');
    expect(order).toMatchObject({ broadcastId: id, reason: REASON, by: 'editor' });
    expect((await cancel(controller, id)).body.error.code).toBe('request.conflict');
    expect((await cancel(controller, id, key)).body).toEqual(cancelled.body);
    const shown = await controller.get<{ broadcast: BroadcastView }>('viewer', `broadcasts/${id}`);
    expect(shown.body.broadcast.state).toBe('cancelled');
    // Back after a power cut: it had not answered.
    speaker.cut();
    const back = await connected(controller, provisioning, { sessionEpoch: 2 });
    expect((await nextCancel(back, 'order')).id).toBe(order.id);

    await foreign.release();
    await allStored(controller);
    const { read } = controller.context.storage;
    expect(await read.broadcasts.get(id)).toMatchObject({ state: 'cancelled', cancelReason: REASON });
    const orders = (await read.broadcasts.orders(id)).filter(({ kind }) => kind === 'cancel');
    expect(orders.map((one) => one.id)).toEqual([order.id]);
    expect(await audited(controller, 'broadcast.cancel')).toEqual([
      JSON.stringify({ reason: REASON, drill: true }),
    ]);
    const [entry] = await read.audit.find({ action: 'broadcast.cancel' }, { order: 'newest', limit: 1 });
    expect(entry).toMatchObject({ origin: '127.0.0.1', areaId: shown.body.broadcast.areaId });
    expect((await cancel(controller, id, key)).body).toEqual(cancelled.body);
  }, 30_000);

  it('what was done survives the end of the controller, and happens once', async () => {
    const controller = await startController();
    const provisioning = await controller.speaker('loa-1', 'ap-1');
    const speaker = await connected(controller, provisioning);
    const { id } = await played(controller);
    const foreign = await hold(controller);
    const keys = [randomUUID(), randomUUID(), randomUUID()] as const;
    const muted = await change(controller, MUTE, keys[0]);
    await change(
      controller,
      { capDb: -3, volumeProfile: [{ from: '21:00', to: '06:00', gainDb: -9 }] },
      keys[1],
    );
    const cancelled = await cancel(controller, id, keys[2]);
    expect([muted.status, cancelled.status]).toEqual([202, 202]);
    speaker.cut();
    // The disk as a power cut leaves it.
    const after = controller.on(tempDir('urgent'));
    onTestFinished(() => after.stop());
    await cp(controller.folder, after.folder, { recursive: true });
    await foreign.release();
    await controller.stop();

    await after.start();
    const back = await connected(after, provisioning, { sessionEpoch: 2 });
    const held = await nextAssignment(back, ({ mute }) => mute !== null);
    expect(held).toMatchObject({ volume: { capDb: -3 }, mute: { reason: 'đám tang' } });
    expect((await nextCancel(back, 'order')).broadcastId).toBe(id);
    await allStored(after);
    await after.stop();
    // Once more: what the database has is not brought into it again.
    await after.start();
    const { read } = after.context.storage;
    expect(await read.speakers.get('loa-1')).toMatchObject({
      ...{ capDb: -3, mute: { reason: 'đám tang' }, assignmentRevision: held.revision },
    });
    expect((await read.broadcasts.get(id))?.state).toBe('cancelled');
    expect(await audited(after, 'speaker.change')).toHaveLength(2);
    expect(await audited(after, 'broadcast.cancel')).toHaveLength(1);
    expect((await change(after, MUTE, keys[0])).body).toEqual(muted.body);
    expect((await cancel(after, id, keys[2])).body).toEqual(cancelled.body);
  }, 40_000);

  it('only volume and silence go ahead, and only for who may', async () => {
    const controller = await startController({}, {});
    await controller.speaker('loa-1', 'ap-1');
    const foreign = await hold(controller);
    const call = (who: 'viewer' | 'other technician' | 'technician', path: string, body: object) =>
      controller.call<Problem>(who, 'PATCH', path, { body });
    expect((await call('viewer', 'speakers/loa-1', MUTE)).body.error.code).toBe('request.forbidden');
    expect((await call('other technician', 'speakers/loa-1', MUTE)).body.error.code).toBe(
      'request.forbidden',
    );
    expect((await call('technician', 'speakers/loa-9', MUTE)).body.error.code).toBe('request.not_found');
    const past = { mute: { reason: 'đám tang', until: 1 } };
    expect((await call('technician', 'speakers/loa-1', past)).body.error.code).toBe('request.invalid');
    expect(controller.context.services.urgent.waiting).toBe(0);
    const renamed = call('technician', 'speakers/loa-1', { ...MUTE, name: 'Cụm loa 1' });
    await foreign.release();
    expect((await renamed).status).toBe(200);
  }, 30_000);
});

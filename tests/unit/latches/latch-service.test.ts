import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Clock, SystemClock } from '#kit';
import { DomainError, newId } from '#protocols';
import type { Actor } from '../../../server/domain/accounts/actor.ts';
import { AreaDirectory } from '../../../server/domain/areas/area-directory.ts';
import { EventHub } from '../../../server/domain/events/event-hub.ts';
import { KeyService } from '../../../server/domain/keys/key-service.ts';
import type { LatchLog } from '../../../server/domain/latches/latch.ts';
import { LatchFile } from '../../../server/domain/latches/latch-file.ts';
import { LatchService } from '../../../server/domain/latches/latch-service.ts';
import { SpeakerDirectory } from '../../../server/domain/speakers/speaker-directory.ts';
import { openStorage } from '../../../server/storage/index.ts';
import { KeyFiles } from '../../../server/storage/key-files.ts';
import { area } from '../../contract/storage/samples.ts';
import { ForeignProcess } from '../../helpers/foreign-process.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const EDITOR: Actor = { kind: 'person', name: 'bích', grants: [{ role: 'editor', areas: ['xa'] }] };
const CHAIRMAN: Actor = { kind: 'person', name: 'tân', grants: [{ role: 'chairman', areas: ['xa'] }] };
const XA = { scope: { kind: 'area' as const, id: 'xa' }, reason: 'loa hú' };

/** Everything of a controller that a stop needs, on a folder that outlives it. */
class Office {
  readonly folder = tempDir('latches');
  readonly clock: Clock = new SystemClock();
  readonly storage = openStorage({
    url: `file:${join(this.folder, 'loa.db')}`,
    clock: this.clock,
    busyLimitMs: 50,
  });
  readonly keys = new KeyService({
    vault: new KeyFiles({ folder: join(this.folder, 'keys') }),
    clock: this.clock,
  });
  readonly published: string[] = [];
  readonly errors: unknown[] = [];
  /** The broker's answer to what comes next. */
  broker: 'takes' | 'gone' = 'takes';

  async open(): Promise<this> {
    await this.storage.start();
    onTestFinished(() => this.storage.stop());
    await this.keys.start();
    return this;
  }

  async start(log?: LatchLog): Promise<LatchService> {
    const areas = new AreaDirectory();
    areas.load([area({ id: 'xa' }), area({ id: 'ap-1', parentId: 'xa' })]);
    const speakers = new SpeakerDirectory();
    speakers.load([{ speakerId: 'loa-1', areaId: 'ap-1', lifecycle: 'active' }]);
    const file = new LatchFile({ path: this.path, onDamaged: () => undefined });
    await file.start();
    onTestFinished(() => file.stop());
    const service = new LatchService({
      ...{ storage: this.storage, clock: this.clock, keys: this.keys, areas, speakers },
      log: log ?? file,
      events: new EventHub(),
      publisher: {
        connected: true,
        publish: async (name, id, payload) => {
          if (this.broker === 'gone') throw new DomainError('message.disconnected', { topic: name });
          this.published.push(`${name} ${id} ${String(payload).slice(0, 3)}`);
        },
      },
      onError: (error) => this.errors.push(error),
    });
    await service.start();
    onTestFinished(() => service.stop());
    return service;
  }

  get path(): string {
    return join(this.folder, 'latches.bin');
  }

  async stored(): Promise<string[]> {
    return (await this.storage.read.latches.all()).map(({ id, state }) => `${id} ${state}`);
  }

  async audited(): Promise<string[]> {
    return (await this.storage.read.audit.list(1, 100)).map(({ actor, action }) => `${actor} ${action}`);
  }
}

async function kept(service: LatchService, id: string): Promise<void> {
  for (;;) {
    const latch = service.book.get(id);
    if (latch !== undefined && service.keptIn(latch) === 'database') return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('stops', () => {
  it('outlive a controller that ends before the database heard of them, each audited once', async () => {
    const office = await new Office().open();
    const first = await office.start();
    const foreign = await ForeignProcess.holding(join(office.folder, 'loa.db'), 'IMMEDIATE');
    const { latch, made } = await first.set(EDITOR, XA, 'khoá-thứ-nhất');
    expect([made, first.keptIn(latch)]).toEqual([true, 'file']);
    await first.release(CHAIRMAN, latch.id, 'đã sửa');
    await first.stop();
    expect(await office.stored()).toEqual([]);
    await foreign.release();
    const second = await office.start();
    expect(second.book.get(latch.id)?.state).toBe('released');
    await kept(second, latch.id);
    expect(await office.stored()).toEqual([`${latch.id} released`]);
    expect(await office.audited()).toEqual(['bích latch.set', 'tân latch.release']);
    await second.stop();
    const third = await office.start();
    expect(third.book.set()).toEqual([]);
    expect(await office.audited()).toHaveLength(2);
    expect(office.errors).toEqual([]);
  });

  it('of which a restored database knows nothing are in force from the file, and the other way round', async () => {
    const office = await new Office().open();
    const before = join(office.folder, 'before.bin');
    const service = await office.start();
    await copyFile(office.path, before);
    const { latch } = await service.set(EDITOR, XA, 'khoá-thứ-nhất');
    await kept(service, latch.id);
    await service.stop();
    await copyFile(before, office.path);
    const again = await office.start();
    expect(again.book.set().map(({ id }) => id)).toEqual([latch.id]);
    expect(again.holding('loa-1').map(({ id }) => id)).toEqual([latch.id]);
  });

  it('go out even when the disk takes nothing, and say that a power cut would forget them', async () => {
    const office = await new Office().open();
    const full: LatchLog = {
      read: async () => [],
      append: async () => {
        throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      },
    };
    const service = await office.start(full);
    const foreign = await ForeignProcess.holding(join(office.folder, 'loa.db'), 'IMMEDIATE');
    const { latch } = await service.set(EDITOR, XA, 'khoá-thứ-nhất');
    expect(service.keptIn(latch)).toBe('memory');
    expect(office.published).toEqual(['areaLatch xa eyJ']);
    expect(office.errors).toHaveLength(1);
    await foreign.release();
    await kept(service, latch.id);
  });

  it('that the broker did not take are published when it is back, the newest of a scope alone', async () => {
    const office = await new Office().open();
    const service = await office.start();
    office.broker = 'gone';
    const { latch } = await service.set(EDITOR, XA, 'khoá-thứ-nhất');
    await service.release(EDITOR, latch.id, 'nhầm');
    expect(office.published).toEqual([]);
    office.broker = 'takes';
    service.kick();
    await service.idle();
    service.kick();
    expect(office.published).toEqual(['areaLatch xa eyJ']);
    expect(service.current(XA.scope)?.revision).toBe(service.book.get(latch.id)?.revision);
  });

  it('follow each other in revision, also when the clock was set back', async () => {
    const office = await new Office().open();
    const service = await office.start();
    const revisions: number[] = [];
    const now = office.clock.now.bind(office.clock);
    for (const [at, key] of ['khoá-một-1', 'khoá-hai-2', 'khoá-ba-33'].entries()) {
      office.clock.now = () => now() - at * 3_600_000;
      const { latch } = await service.set(EDITOR, XA, key);
      const released = await service.release(EDITOR, latch.id, 'xong');
      revisions.push(latch.revision, released.revision);
    }
    expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
    expect(new Set(revisions).size).toBe(6);
  });

  it('that a loudspeaker holds of a later revision are taken in, if our key signed them', async () => {
    const [office, copy] = [await new Office().open(), await new Office().open()];
    const service = await office.start();
    const { latch } = await service.set(EDITOR, XA, 'khoá-thứ-nhất');
    const forgetful = await copy.start();
    await expect(forgetful.overtake(latch.document)).rejects.toMatchObject({ code: 'document.unsigned' });
    const { document } = await copy.keys.sign('latch', {
      ...{ v: 1, id: newId('lat', 1), scope: XA.scope, revision: 9, state: 'set', by: 'bích' },
      ...{ reason: 'từ trước', issuedAt: 5 },
    });
    await forgetful.overtake(document);
    expect(forgetful.book.set()).toMatchObject([
      { setBy: 'bích', reason: 'từ trước', revision: 9, setAt: 5 },
    ]);
    expect(forgetful.current(XA.scope)?.document).toBe(document);
    // Another one of the same revision, from another life: ours is said again above it.
    const other = await copy.keys.sign('latch', {
      ...{ v: 1, id: newId('lat', 2), scope: XA.scope, revision: 9, state: 'released', by: 'tú' },
      ...{ reason: 'khác', issuedAt: 6 },
    });
    await forgetful.overtake(other.document);
    expect(forgetful.current(XA.scope)?.revision).toBeGreaterThan(9);
    expect(forgetful.book.set()).toHaveLength(1);
  });
});

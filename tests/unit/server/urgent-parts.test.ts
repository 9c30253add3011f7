import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DomainError } from '#protocols';
import { enteredSpeaker, type Speaker } from '../../../server/domain/speakers/speaker.ts';
import { PendingActs } from '../../../server/domain/urgent/pending-acts.ts';
import type { UrgentAct, UrgentFields } from '../../../server/domain/urgent/urgent-act.ts';
import { UrgentFile } from '../../../server/domain/urgent/urgent-file.ts';
import { UrgentKeeper } from '../../../server/domain/urgent/urgent-keeper.ts';
import { isUrgent } from '../../../server/domain/urgent/urgent-speaker-changes.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const SPEAKER: Speaker = {
  ...enteredSpeaker({ id: 'loa-1', areaId: 'ap-1', name: 'loa', createdAt: 0 }),
  assignmentRevision: 10,
  assignmentHash: 'stored',
  assignmentDocument: 'stored',
};

function changeOf(id: string, fields: UrgentFields, revision: number): UrgentAct {
  const assignment = { assignmentRevision: revision, assignmentHash: id, assignmentDocument: id };
  return {
    ...{ id, at: 0, actor: 'bích', role: 'technician', key: id, requestHash: id, status: 202, body: '{}' },
    effect: { kind: 'speaker', speakerId: 'loa-1', change: {}, fields, assignment },
  };
}

describe('what the database has not taken yet', () => {
  it('is seen in its order, and of two assignments the later one', () => {
    const pending = new PendingActs();
    const [quiet, loud] = [changeOf('a', { gainDb: -9, capDb: -3 }, 11), changeOf('b', { gainDb: 0 }, 12)];
    pending.add(quiet);
    pending.add(loud);
    expect(pending.speaker(SPEAKER)).toMatchObject({ gainDb: 0, capDb: -3, assignmentRevision: 12 });
    expect(pending.speaker({ ...SPEAKER, id: 'loa-2' })).toMatchObject({ gainDb: 0, capDb: 0 });
    const later = { ...SPEAKER, assignmentRevision: 99 };
    expect(pending.speaker(later)).toMatchObject({
      capDb: -3,
      assignmentRevision: 99,
      assignmentHash: 'stored',
    });
    pending.remove(quiet);
    expect(pending.speaker(SPEAKER)).toMatchObject({ capDb: 0, assignmentRevision: 12 });
    expect([pending.has('speaker loa-1'), pending.answering('bích', 'a')]).toEqual([true, undefined]);
    pending.remove(loud);
    expect([pending.has('speaker loa-1'), pending.speaker(SPEAKER)]).toEqual([false, SPEAKER]);
  });

  it('is of volume and silence alone', () => {
    expect(isUrgent({ mute: null, gainDb: -3 })).toBe(true);
    expect(isUrgent({ mute: null, name: 'loa' })).toBe(false);
    expect(isUrgent({ sensitive: true })).toBe(false);
    expect(isUrgent({})).toBe(false);
  });
});

describe('the file of urgent acts', () => {
  it('refuses what leaves no room for the rest, and loses nothing by it', async () => {
    const options = {
      ...{ path: join(tempDir('urgent'), 'urgent.bin'), magic: 'loa-test/1', bytes: 4_096 },
      ...({ overflow: 'refuse', onDamaged: () => undefined } as const),
    };
    const file = new UrgentFile<string>(options);
    await file.start();
    const due: string[] = [];
    const append = async (text: string) => {
      await file.append(text, () => due);
      due.push(text);
    };
    for (const letter of ['a', 'b', 'c']) await append(letter.repeat(600));
    await expect(append('d'.repeat(600))).rejects.toThrow('is full');
    due.shift();
    await append('e'.repeat(600));
    await file.stop();
    const again = new UrgentFile<string>(options);
    await again.start();
    onTestFinished(() => again.stop());
    expect((await again.read()).map((text) => text[0])).toEqual(['b', 'c', 'e']);
  });
});

describe('bringing acts into the database', () => {
  it('keeps the order of a subject, holds up no other, and waits while it takes nothing', async () => {
    const clock = new FakeClock();
    const stored: string[] = [];
    const errors: unknown[] = [];
    let fails: ((item: string) => unknown) | undefined = (item) =>
      item === 'a1' ? new Error('defect') : undefined;
    const keeper = new UrgentKeeper<string>({
      ...{
        name: 'test',
        clock,
        subjectOf: (item) => item.slice(0, 1),
        onError: (error) => errors.push(error),
      },
      save: async (item) => {
        const error = fails?.(item);
        if (error !== undefined) throw error;
        stored.push(item);
      },
    });
    for (const item of ['a1', 'a2', 'b1']) keeper.put(item);
    await keeper.start();
    onTestFinished(() => keeper.stop());
    await keeper.idle();
    expect([stored, keeper.due, errors.length]).toEqual([['b1'], ['a1', 'a2'], 1]);
    fails = () => new DomainError('storage.busy');
    await clock.advance(1_000);
    await keeper.idle();
    expect([stored, errors.length]).toEqual([['b1'], 1]);
    fails = undefined;
    await clock.advance(20_000);
    await keeper.idle();
    expect([stored, keeper.due]).toEqual([['b1', 'a1', 'a2'], []]);
  });
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { EnrolmentView } from '#protocols';
import { RESTORED_MARK } from '../../../server/domain/backup/restored.ts';
import { connect, enter, SPEAKER } from './enrolment-support.ts';
import { startController } from './support.ts';

it('makes the codes void that come out of a backup, and leaves loudspeakers that are enrolled as they are', {
  timeout: 60_000,
}, async () => {
  const controller = await startController();
  const enrolled = await controller.speaker(SPEAKER, 'ap-1');
  const used = await controller.speaker('loa-3', 'ap-1');
  await connect(controller, enrolled);
  const pending = await enter(controller, 'loa-2');
  const dataFolder = join(controller.folder, 'data');
  await controller.stop();
  const mark = { backupAt: 1, restoredAt: 2, file: 'sao-luu.tar', sha256: 'a'.repeat(64), replaced: null };
  await writeFile(join(dataFolder, RESTORED_MARK), JSON.stringify({ v: 1, ...mark }));
  await controller.start();
  await expect(controller.enrol(pending.uri)).rejects.toMatchObject({ code: 'enrolment.unproved' });
  const stateOf = async (id: string) => {
    const path = `speakers/${id}/enrolment`;
    return (await controller.get<{ enrolment: EnrolmentView | null }>('technician', path)).body.enrolment;
  };
  expect(await stateOf('loa-2')).toMatchObject({ state: 'void', voidReason: 'restored' });
  expect(await stateOf(SPEAKER)).toMatchObject({ state: 'used', voidReason: null });
  // Also the one that has not connected yet: it has its secret.
  for (const [speaker, sessionEpoch] of [
    [enrolled, 2],
    [used, 1],
  ] as const)
    await connect(controller, speaker, { sessionEpoch });
  expect((await enter(controller, 'loa-4')).code).not.toBe('');
});

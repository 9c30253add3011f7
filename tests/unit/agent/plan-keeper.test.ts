import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { silentLog } from '../../../device-agent/log.ts';
import { PlanFiles } from '../../../device-agent/plan/plan-files.ts';
import { PlanKeeper } from '../../../device-agent/plan/plan-keeper.ts';
import { KeyStore } from '../../../device-agent/state/key-store.ts';
import { OwedWrites } from '../../../device-agent/state/owed-writes.ts';
import { Prover } from '../../../device-agent/state/prover.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { lonelySlot } from '../../integration/agent/lonely.ts';
import { dayOf, TestController } from '../../integration/agent/test-controller.ts';
import { AREA } from '../../integration/agent/village.ts';

/** A disk that is never done. */
class Stuck extends OwedWrites {
  override write(): Promise<void> {
    return new Promise(() => undefined);
  }
}

it('what a newer plan takes back is out of the plan before the disk has anything of it', async () => {
  const folder = tempDir();
  const controller = new TestController();
  await controller.addStatement([controller.key]);
  const [first, second] = [lonelySlot(1), lonelySlot(2)];
  const all = [first, second];
  const old = await controller.plan(AREA, { [dayOf(first.startsAt)]: all }, { revision: 1, issuedAt: 1 });
  mkdirSync(join(folder, 'documents'));
  writeFileSync(join(folder, 'area.tan-an.in-force.jws'), old);
  const clock = new FakeClock();
  const keys = new KeyStore({ folder: tempDir(), rootKeys: [controller.root.publicKey], log: silentLog });
  await keys.extend(controller.statements);
  const plan = new PlanKeeper({
    ...{ speakerId: 'spk-1', files: new PlanFiles({ folder, log: silentLog }), clock, log: silentLog },
    ...{ owed: new Stuck({ clock, log: silentLog }), areas: () => ['tan-an'] },
    prover: new Prover({ keys, clock, log: silentLog, updateKeys: async () => 0 }),
    origin: { url: 'http://127.0.0.1:9', headers: {} },
  });
  for (const [hash, bytes] of controller.planDocuments) writeFileSync(join(folder, 'documents', hash), bytes);
  await plan.load(keys.ring);
  expect(plan.slots).toHaveLength(2);
  const emptied = new Promise<void>((resolve) => {
    plan.onChange(() => {
      if (plan.slots.length === 0) resolve();
    });
  });
  void plan.receive(Buffer.from(await controller.plan(AREA, {}, { revision: 2, issuedAt: 2 })));
  await emptied;
  expect(plan.held()).toMatchObject([{ revision: 2 }]);
  // And the next one is not kept waiting by the disk either.
  const again = new Promise<void>((resolve) => {
    plan.onChange(() => {
      if (plan.held()[0]?.revision === 3) resolve();
    });
  });
  void plan.receive(Buffer.from(await controller.plan(AREA, {}, { revision: 3, issuedAt: 3 })));
  await again;
});

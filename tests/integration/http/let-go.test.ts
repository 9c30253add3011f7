import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { until } from '../../helpers/until.ts';
import { startControllerForFile } from './support.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** One that was asked something, and stopped. */
async function stopped(): Promise<WeakRef<object>> {
  const controller = await startControllerForFile();
  const { status } = await controller.call('administrator', 'GET', 'speakers');
  expect(status).toBe(200);
  const context = new WeakRef<object>(controller.context);
  await controller.stop();
  return context;
}

it('nothing holds on to a controller that was stopped', async () => {
  const contexts = [await stopped(), await stopped()];
  // The last one may still be named by what ended it.
  await until('the first one to be gone', () => {
    collectGarbage();
    return contexts[0]?.deref() === undefined;
  });
});

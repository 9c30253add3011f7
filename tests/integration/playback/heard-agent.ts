import { readFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { type JournalEntry, type PlayOrder, signDocument, topicOf } from '#protocols';
import { FileOutput } from '../../../device-agent/outputs/index.ts';
import { type Decoder, FfmpegDecoder } from '../../../device-agent/playback/index.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';
import { testAgent } from '../agent/test-agent.ts';
import { TestController } from '../agent/test-controller.ts';
import { clock, FIXTURE_MS, makeFixture } from './playback-fixture.ts';

export const SPEAKER = 'cum-01';

/** A loudspeaker with a real decoder, whose output is recorded, and its controller. Both end with the test. */
export async function begin(decoder: Decoder = new FfmpegDecoder({ clock, program: 'ffmpeg' })) {
  const controller = new TestController();
  await controller.start();
  onTestFinished(() => controller.stop());
  const provisioning = await controller.enrol(SPEAKER, ['vn', 'tan-an']);
  const recordings = tempDir('recordings');
  const agent = testAgent(tempDir('agent'), provisioning, {
    output: new FileOutput({ clock, path: recordings }),
    decoder,
  });
  const bytes = readFileSync(await makeFixture(tempDir('fixture')));
  const online = controller.events.next('hello');
  await agent.start();
  await online;
  // What comes before it knows its areas is not for it.
  await until('its assignment', () => agent.assignments.held !== undefined);
  const send = async (order: PlayOrder) => {
    await controller.publish(topicOf('order', SPEAKER), await signDocument('order', order, controller.key));
    return order;
  };
  /** Another content each time, of the same sound. */
  const content = (mark: string) =>
    controller.addContent(Buffer.concat([bytes, Buffer.alloc(100, mark)]), FIXTURE_MS);
  const told = (order: PlayOrder, kind: JournalEntry['kind']) =>
    controller.entry(SPEAKER, (entry) => entry.orderId === order.id && entry.kind === kind);
  return { controller, send, content, told, recordings };
}

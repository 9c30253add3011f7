import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import type { SpeakerView } from '#protocols';
import { TestSpeaker } from '../mqtt/test-speaker.ts';
import { startController } from './support.ts';

it('a stop ends the connections of loudspeakers on the HTTP port, and does not say that they went away', async () => {
  const controller = await startController();
  const enrolled = await controller.speaker('loa-1', 'ap-1');
  await controller.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = controller.app.server.address() as AddressInfo;
  const speaker = new TestSpeaker({ ...enrolled, url: `ws://127.0.0.1:${port}/mqtt` });
  await speaker.connect();
  await speaker.send('hello', speaker.hello());
  await speaker.welcome();
  const link = async () => {
    const { body } = await controller.get<SpeakerView>('viewer', 'speakers/loa-1');
    return body.status?.link;
  };
  const ended = new Promise<void>((resolve) => speaker.client?.once('close', () => resolve()));
  await controller.stop();
  await ended;
  speaker.cut();
  await controller.start();
  // Not "offline": it was the controller that went.
  expect(await link()).toBe('unknown');
});

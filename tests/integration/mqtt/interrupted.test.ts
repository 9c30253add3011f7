import { expect, it, onTestFinished } from 'vitest';
import { tempDir } from '../../helpers/temp-dir.ts';
import { AREAS, TestController } from './test-controller.ts';
import { TestSpeaker } from './test-speaker.ts';

it('a broadcast that gave way everywhere is interrupted, and resumed when one loudspeaker goes on', async () => {
  const controller = await new TestController({ folder: tempDir('interrupted') }).start();
  onTestFinished(() => controller.stop());
  const ids = ['spk-1', 'spk-2'];
  const speakers: TestSpeaker[] = [];
  for (const id of ids) {
    const speaker = new TestSpeaker({ ...(await controller.addSpeaker(id)), url: controller.url });
    onTestFinished(() => speaker.cut());
    await speaker.connect(AREAS);
    await speaker.send('hello', speaker.hello());
    await speaker.welcome();
    speakers.push(speaker);
  }
  const { broadcastId } = await controller.broadcast(ids);
  const sent = new Map(ids.map((id) => [id, 0]));
  /** Every loudspeaker tells one more thing of this play. */
  const tell = async (
    kind: 'ready' | 'started' | 'interrupted' | 'finished',
    play: number,
    who = speakers,
  ) => {
    for (const speaker of who) {
      const after = sent.get(speaker.id) ?? 0;
      const range = { ready: {}, started: { fromMs: 0 } }[kind as string] ?? { fromMs: 0, toMs: 2_000 };
      const of = kind === 'ready' ? {} : { play, output: 'file', evidence: 'reported' as const, ...range };
      const code = kind === 'interrupted' ? { code: 'order.preempted' } : {};
      speaker.write({ kind, broadcastId, ...of, ...code });
      sent.set(speaker.id, speaker.lines.length);
      await speaker.send('journal', speaker.batch(after));
      expect(await speaker.ack()).toMatchObject({ seq: speaker.head.seq });
    }
  };
  const reached = (state: string) => controller.heard('broadcast.changed', { broadcastId, state });
  await tell('ready', 1);
  await tell('started', 1);
  await reached('on_air');
  await tell('interrupted', 1, speakers.slice(0, 1));
  await tell('interrupted', 1, speakers.slice(1));
  await reached('interrupted');
  await tell('started', 2, speakers.slice(0, 1));
  await reached('resumed');
  await tell('started', 2, speakers.slice(1));
  await tell('finished', 2);
  await reached('completed');
  expect(controller.errors).toEqual([]);
});

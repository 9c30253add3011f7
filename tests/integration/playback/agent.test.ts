import { createServer } from 'node:http';
import { expect, onTestFinished } from 'vitest';
import { itWith } from '../../helpers/requirements.ts';
import { playOrder } from '../agent/test-controller.ts';
import { begin, SPEAKER } from './heard-agent.ts';
import { FIXTURE_MS } from './playback-fixture.ts';

itWith(
  ['ffmpeg'],
  'an emergency whose words are still coming is heard as a tone first; what it pre-empted goes on, and all of it is told',
  async () => {
    const { controller, send, content, told } = await begin();
    const main = await send(playOrder(content('main')));
    await told(main, 'started');
    let open: () => void = () => undefined;
    controller.contentGate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const words = await send(
      playOrder(content('words'), {
        ...{ priority: 'emergency', window: null, drill: true },
        prelude: [{ name: 'drill-notice' }],
      }),
    );
    await told(words, 'started');
    expect(await told(main, 'interrupted')).toMatchObject({ code: 'order.preempted', fromMs: 0 });
    open();
    expect(await told(words, 'finished')).toMatchObject({
      drill: true,
      fromMs: 0,
      toMs: FIXTURE_MS,
      play: 1,
    });
    expect(await told(main, 'finished')).toMatchObject({ toMs: FIXTURE_MS, play: 2 });
    expect(controller.entries(SPEAKER).filter(({ kind }) => kind === 'failed')).toEqual([]);
  },
);

itWith(['ffmpeg'], 'a priority item that may speaks over a normal one, and both are told whole', async () => {
  const { send, content, told } = await begin();
  const main = await send(playOrder({ kind: 'stored', name: 'test-tone', durationMs: 5_000 }));
  await told(main, 'started');
  const voice = await send(playOrder(content('voice'), { priority: 'priority', overlap: 'duck' }));
  const [heard, whole] = [await told(voice, 'finished'), await told(main, 'finished')];
  expect(heard).toMatchObject({ fromMs: 0, toMs: FIXTURE_MS, play: 1 });
  expect(whole).toMatchObject({ fromMs: 0, toMs: 5_000, play: 1 });
  expect(heard.seq).toBeLessThan(whole.seq);
  // Two of five seconds at 15 dB less.
  expect(whole.meanDb).toBeLessThan((whole.peakDb ?? 0) - 4);
});

itWith(['ffmpeg'], 'a relay that gives nothing fails, and a message that is not here is named', async () => {
  const { send, told } = await begin();
  const station = createServer((_request, response) => response.writeHead(404).end()).listen(0, '127.0.0.1');
  onTestFinished(() => void station.close());
  const missing = await send(playOrder({ kind: 'stored', name: 'flood', durationMs: 1_000 }));
  expect(await told(missing, 'failed')).toMatchObject({ code: 'order.no_stored_message' });
  const { port } = station.address() as { port: number };
  const url = `http://127.0.0.1:${port}/live`;
  const relay = { kind: 'relay', url, station: 'VOV1', durationMs: 4_000, fallback: null } as const;
  // Ahead, so that on a busy machine it does not come after its own end; and where it did, that is what the test says.
  const startsAt = Math.round(Date.now()) + 1_500;
  const silent = await send(playOrder(relay, { startsAt, hardEndAt: startsAt + 4_000 }));
  const over = await Promise.race([told(silent, 'failed'), told(silent, 'missed'), told(silent, 'refused')]);
  expect(over).toMatchObject({ kind: 'failed', code: 'order.stream_failed' });
});

import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';
import { Commune, logOf, type Prepared } from './support/commune.ts';
import { GateProxy } from './support/gate-proxy.ts';
import { likeness, type Recording, soundingRecordings } from './support/recordings.ts';

const LIMIT_MS = 60_000;
/** Bytes of audio that the line lets through before it goes dead. */
const PASS_BYTES = 4_000;

let commune: Commune;
let proxy: GateProxy;
let short: Prepared;

beforeAll(async () => {
  commune = await new Commune({ folder: tempDir('agent-faults') }).start();
  proxy = new GateProxy(commune.controller.httpPort);
  await proxy.start();
  short = await commune.prepare({ seconds: 2.5, seed: 1 });
});
afterAll(async () => {
  await commune.stop();
  await proxy.stop();
});

/** The only thing that sounded. */
async function onlyRecording(folder: string): Promise<Recording> {
  const all = await soundingRecordings(folder);
  expect(all).toHaveLength(1);
  return all[0] as Recording;
}

describe.concurrent('kill −9 of the agent', () => {
  it(
    'in mid-download: the rest is fetched after the restart, and it plays once, as the PCM shows',
    async () => {
      const agent = await commune.addAgent('loa-loading', { url: proxy.url });
      proxy.passBytes = PASS_BYTES;
      const broadcast = await commune.play(short, ['loa-loading'], { leadMs: 6_000 });
      const part = join(agent.dataFolder, 'cache', `${short.sha256}.part`);
      await until('the first bytes', async () => (await stat(part)).size === PASS_BYTES);
      await agent.end('SIGKILL');
      proxy.passBytes = undefined;
      await agent.start();
      const delivery = await commune.settled(broadcast.id, 'loa-loading');
      expect(proxy.contentRequests.map(({ range }) => range)).toEqual([undefined, `bytes=${PASS_BYTES}-`]);
      expect(delivery).toMatchObject({ state: 'finished', played: true, flags: [] });
      expect(delivery.plays).toHaveLength(1);
      const heard = likeness(short.samples, await onlyRecording(agent.recordings));
      // A machine that did not run it in time lets it leave out a little, and it says so.
      const leftOut = (delivery.plays[0]?.skippedMs ?? 0) / short.durationMs;
      expect(heard.pieces + leftOut).toBeGreaterThanOrEqual(0.95);
      const startErrorMs = heard.firstSampleAtMs - broadcast.startsAt;
      expect(Math.abs(startErrorMs - (delivery.plays[0]?.startErrorMs ?? Number.NaN))).toBeLessThanOrEqual(
        25,
      );
    },
    LIMIT_MS,
  );

  it(
    'in mid-play: told as interrupted where the PCM ends, and nothing of it sounds again',
    async () => {
      const agent = await commune.addAgent('loa-playing');
      const long = await commune.prepare({ seconds: 8, seed: 2 });
      const live = commune.live();
      const broadcast = await commune.play(long, ['loa-playing']);
      const here = { broadcastId: broadcast.id, speakerId: 'loa-playing', phase: 'playing' };
      await live.next('delivery.progress', here, ({ fraction }) => (fraction as number) > 0.3);
      await agent.end('SIGKILL');
      const cut = likeness(long.samples, await onlyRecording(agent.recordings));
      expect(cut.correlation).toBeGreaterThanOrEqual(0.95);
      await agent.start();
      const delivery = await commune.settled(broadcast.id, 'loa-playing', ['interrupted', 'finished']);
      expect(delivery).toMatchObject({
        state: 'interrupted',
        played: false,
        code: 'order.agent_restarted',
        flags: [],
      });
      const [play, ...others] = delivery.plays;
      expect(others).toEqual([]);
      expect(play).toMatchObject({ play: 1, state: 'interrupted', fromMs: 0 });
      const toMs = play?.toMs ?? Number.NaN;
      expect(Math.abs(toMs - cut.heardMs)).toBeLessThanOrEqual(play?.uncertaintyMs ?? Number.NaN);
      // Another broadcast sounds afterwards, and by then the first one has had every chance to begin again.
      const next = await commune.play(short, ['loa-playing']);
      expect(await commune.settled(next.id, 'loa-playing')).toMatchObject({ state: 'finished' });
      const recordings = await soundingRecordings(agent.recordings);
      expect(recordings).toHaveLength(2);
      expect(likeness(short.samples, recordings[1] as Recording).pieces).toBeGreaterThanOrEqual(0.95);
      expect(await commune.delivery(broadcast.id, 'loa-playing')).toEqual(delivery);
    },
    LIMIT_MS,
  );
});

describe.concurrent('an agent in trouble', () => {
  it(
    'without its output device says so, and is degraded',
    async () => {
      await commune.addAgent('loa-mute', {
        env: { LOA_AGENT_OUTPUT: 'alsa', LOA_AGENT_OUTPUT_DEVICE: 'hw:CARD=NoSuchCard' },
      });
      const broadcast = await commune.play(short, ['loa-mute'], { leadMs: 1_500 });
      const delivery = await commune.settled(broadcast.id, 'loa-mute');
      expect(delivery).toMatchObject({ state: 'failed', code: 'output.missing', played: false });
      expect(await commune.broadcast(broadcast.id)).toMatchObject({ targetCount: 1 });
      const status = await until('a degraded condition', async () => {
        const view = await commune.speaker('loa-mute');
        return view.status?.condition === 'degraded' && view.status;
      });
      expect(status.health?.problems).toContain('output.missing');
      expect(status.health?.output).toMatchObject({ kind: 'alsa', ok: false });
    },
    LIMIT_MS,
  );

  it(
    'finds its cached file damaged, fetches it again and plays the true one',
    async () => {
      const agent = await commune.addAgent('loa-rot');
      const first = await commune.play(short, ['loa-rot']);
      expect(await commune.settled(first.id, 'loa-rot')).toMatchObject({ state: 'finished' });
      const file = join(agent.dataFolder, 'cache', short.sha256);
      const bytes = await readFile(file);
      bytes.fill(0x55, 1_000, 1_200);
      await writeFile(file, bytes);
      const second = await commune.play(short, ['loa-rot']);
      expect(await commune.settled(second.id, 'loa-rot')).toMatchObject({ state: 'finished', played: true });
      const recordings = await soundingRecordings(agent.recordings);
      expect(recordings).toHaveLength(2);
      for (const recording of recordings) {
        const heard = likeness(short.samples, recording);
        expect(heard.pieces).toBeGreaterThanOrEqual(0.95);
      }
      expect(await logOf(join(commune.folder, 'loa-rot'), 'agent')).toContain('a cached file is damaged');
      expect((await readdir(join(agent.dataFolder, 'cache'))).sort()).toEqual([short.sha256]);
    },
    LIMIT_MS,
  );
});

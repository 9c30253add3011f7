import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import {
  BUILT_IN_DURATIONS_MS,
  foldDelivery,
  PENDING,
  type PlayOrder,
  signDocument,
  topicOf,
} from '#protocols';
import { DRILL_NOTICE } from '../../../device-agent/sounds/drill-notice.ts';
import { align, decodeAudio, readWav } from '../../helpers/pcm.ts';
import { inRepo } from '../../helpers/repo-root.ts';
import { describeWith } from '../../helpers/requirements.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { untorn } from '../../helpers/whole.ts';
import { ALIKE, piecewise } from '../../system/support/recordings.ts';
import { AgentProcess, agentBundle, kill, recordedMs, SPEAKER, seen } from './agent-process.ts';
import { dayOf, playOrder, type TestController } from './test-controller.ts';
import { AREA } from './village.ts';

const SOUND = inRepo('tests/fixtures/audio/loi-chao.ogg');
const SOUND_MS = 8_380;
/** The first seconds of it, for tests that wait for the end. */
const SHORT_MS = 2_000;
let bundle = '';
let short = '';

describeWith(['ffmpeg'], 'kill −9 of the real agent program', () => {
  let there: AgentProcess;
  let controller: TestController;

  beforeAll(async () => {
    short = join(tempDir('sound'), 'short.ogg');
    const first = ['-t', String(SHORT_MS / 1000), '-c:a', 'copy'];
    execFileSync('ffmpeg', ['-v', 'error', '-i', SOUND, ...first, short]);
    bundle = await agentBundle();
  });

  beforeEach(async () => {
    there = await AgentProcess.open(bundle);
    controller = there.controller;
  });

  async function order(change: Partial<PlayOrder> = {}, file = SOUND, ms = SOUND_MS): Promise<PlayOrder> {
    const content = controller.addContent(readFileSync(file), ms);
    const made = playOrder(content, change);
    await controller.publish(topicOf('order', SPEAKER), await signDocument('order', made, controller.key));
    return made;
  }

  /** A plan of one slot, so many ms from now; resolves when the loudspeaker has its content. */
  async function planned(inMs: number, change: Partial<PlayOrder> = {}): Promise<PlayOrder> {
    const content = controller.addContent(readFileSync(short), SHORT_MS);
    const slot = playOrder(content, { startsAt: Date.now() + inMs, ...change });
    const head = await controller.plan(AREA, { [dayOf(slot.startsAt)]: [slot] });
    await controller.publish(topicOf('areaPlan', AREA.id), head);
    await controller.entry(SPEAKER, ({ kind, orderId }) => kind === 'ready' && orderId === slot.id);
    return slot;
  }

  it('in mid-download: the rest is fetched, and it plays once', async () => {
    const first = await there.connected();
    controller.cutContentAfter = 5_000;
    const made = await order({}, short, SHORT_MS);
    const partial = join(there.folder, 'data', 'cache', `${contentHash(made)}.part`);
    await seen(join(partial, '..'), () => (statSync(partial, { throwIfNoEntry: false })?.size ?? 0) >= 5_000);
    await kill(first);
    controller.cutContentAfter = undefined;
    const request = controller.events.next('content');
    there.start();
    expect((await request).range).toBe('bytes=5000-');
    await controller.entry(SPEAKER, ({ kind }) => kind === 'finished');
    expect(there.told(made).map(({ kind }) => kind)).toEqual(['ready', 'started', 'finished']);
    expect(there.told(made).at(-1)).toMatchObject({ output: 'file', evidence: 'reported' });
  });

  it('in mid-play: interrupted at the last known position, and never begun again', async () => {
    const first = await there.connected();
    const made = await order();
    await controller.events.next(
      'progress',
      ({ progress: { phase, fraction } }) => phase === 'playing' && fraction > 0.2,
    );
    await kill(first);
    there.start();
    const entry = await controller.entry(SPEAKER, ({ kind }) => kind === 'interrupted');
    expect(entry).toMatchObject({ play: 1, code: 'order.agent_restarted', fromMs: 0, evidence: 'reported' });
    const heard = recordedMs(there.wavs()[0] ?? '');
    expect(Math.abs((entry.toMs ?? 0) - heard)).toBeLessThanOrEqual((entry.uncertaintyMs ?? 0) + 1_500);
    // The same order again, and another one for the same broadcast: neither sounds.
    const accepted = controller.events.next('answer');
    await controller.publish(topicOf('order', SPEAKER), await signDocument('order', made, controller.key));
    expect((await accepted).answer.answer).toBe('accepted');
    await order({ broadcastId: made.broadcastId, revision: made.revision + 1 });
    const refused = await controller.entry(SPEAKER, ({ kind }) => kind === 'refused');
    expect(refused.code).toBe('order.already_played');
    expect(there.told(made).reduce(foldDelivery, PENDING)).toMatchObject({ state: 'interrupted', flags: [] });
    expect(there.wavs()).toHaveLength(1);
  });

  it('in one of several repetitions: that those to come are given up is told too', async () => {
    const first = await there.connected();
    const made = await order({ repeat: { count: 3, intervalMs: 1_000 } });
    await controller.entry(SPEAKER, ({ kind }) => kind === 'started');
    await kill(first);
    there.start();
    await controller.entry(SPEAKER, ({ kind }) => kind === 'interrupted');
    expect(
      there.told(made).map(({ kind, code, repetition }) => [kind, code, repetition].join(' ').trim()),
    ).toEqual([
      ...['ready', 'started', 'missed order.agent_restarted 2', 'interrupted order.agent_restarted'],
    ]);
    expect(there.told(made).reduce(foldDelivery, PENDING)).toMatchObject({
      ...{ state: 'interrupted', code: 'order.agent_restarted', flags: ['given_up'] },
    });
  });

  it('not at all, but stopped in mid-play: it fades out, says so, and goes on after the restart', async () => {
    const first = await there.connected();
    const made = await order();
    await controller.events.next(
      'progress',
      ({ progress: { phase, fraction } }) => phase === 'playing' && fraction > 0.3,
    );
    const gone = once(first, 'exit');
    first.kill('SIGTERM');
    expect(await gone).toEqual([0, null]);
    there.start();
    await controller.entry(SPEAKER, ({ kind }) => kind === 'finished');
    const [, , stopped, again, whole] = there.told(made);
    expect(stopped).toMatchObject({ kind: 'interrupted', play: 1, code: 'order.agent_stopped', fromMs: 0 });
    const toMs = stopped?.toMs ?? Number.NaN;
    // A second of it is heard again, so that the sentence makes sense.
    expect(again).toMatchObject({
      kind: 'started',
      play: 2,
      fromMs: Math.round((toMs - 1_000) * 1000) / 1000,
    });
    expect(whole).toMatchObject({ kind: 'finished', play: 2, toMs: SOUND_MS });
    expect(there.told(made).reduce(foldDelivery, PENDING)).toMatchObject({ state: 'finished', flags: [] });
  });

  it('between acceptance and start: it plays on time, once', async () => {
    const first = await there.connected();
    const accepted = controller.events.next('answer');
    const made = await order({ startsAt: Date.now() + 4_800 });
    await accepted;
    await kill(first);
    there.start();
    const started = await controller.entry(SPEAKER, ({ kind }) => kind === 'started');
    expect(started.plannedAt).toBe(made.startsAt);
    expect(there.told(made).map(({ kind }) => kind)).toEqual(['ready', 'started']);
  });

  it('between the plan and its slot, without the network from then on: it plays on time, once', async () => {
    const first = await there.connected();
    // On a busy machine it takes a while to be there again.
    const slot = await planned(14_000);
    await kill(first);
    await controller.stop();
    there.start();
    // Most of it has been heard.
    await there.sounded(0.75 * SHORT_MS);
    await controller.start();
    await controller.entry(SPEAKER, ({ kind }) => kind === 'finished');
    expect(there.told(slot).map(({ kind }) => kind)).toEqual(['ready', 'started', 'finished']);
    expect(there.told(slot)[1]).toMatchObject({ plannedAt: slot.startsAt, play: 1 });
    // It did not catch up after the network: it began in the lateness of one that was there.
    expect(Math.abs(there.told(slot)[1]?.startErrorMs ?? 1e9)).toBeLessThan(1_000);
    // It comes back to the controller when its waiting time is over.
  }, 60_000);

  it('after a latch, without the network from then on: nothing sounds', async () => {
    const first = await there.connected();
    const slot = await planned(4_000, { latestStartAt: Date.now() + 4_300 });
    const latched = controller.entry(SPEAKER, ({ kind }) => kind === 'latched');
    await controller.publish(topicOf('areaLatch', AREA.id), await controller.latch('lat-1', AREA));
    await latched;
    await seen(join(there.folder, 'data'), () => existsSync(join(there.folder, 'data', 'latches.json')));
    await kill(first);
    await controller.stop();
    there.start();
    await controller.start();
    await controller.entry(SPEAKER, ({ kind, orderId }) => kind === 'missed' && orderId === slot.id);
    expect(there.told(slot).map(({ kind, code }) => code ?? kind)).toEqual(['ready', 'order.latched']);
    expect(there.wavs()).toEqual([]);
  }, 40_000);

  it('not at all: the one file of the program carries the spoken notice of an exercise, and plays it first', async () => {
    await there.connected();
    const notice = join(tempDir('notice'), 'notice.opus');
    writeFileSync(notice, DRILL_NOTICE.bytes);
    const [words, content] = [await decodeAudio(notice), await decodeAudio(short)];
    const exercise = async () => {
      const made = await order({ drill: true, prelude: [{ name: 'drill-notice' }] }, short, SHORT_MS);
      await controller.entry(SPEAKER, ({ kind, orderId }) => kind === 'finished' && orderId === made.id);
      const { samples } = await readWav(there.wavs().sort().at(-1) ?? '');
      const [said, followed] = [align(words, samples), align(content, samples)];
      // However busy the machine is.
      for (const part of [words, content]) expect(piecewise(part, samples)).toBeGreaterThanOrEqual(ALIKE);
      const gapMs = (followed.lag - said.lag) / 48 - BUILT_IN_DURATIONS_MS['drill-notice'];
      return { correlation: said.correlation, gapMs };
    };
    const heard = await untorn(
      exercise,
      ({ correlation, gapMs }) => correlation > 0.95 && Math.abs(gapMs) < 50,
    );
    expect(heard.correlation).toBeGreaterThan(0.95);
    // The content follows where the notice ends.
    expect(Math.abs(heard.gapMs)).toBeLessThan(50);
  }, 120_000);
});

function contentHash({ content }: PlayOrder): string {
  return 'sha256' in content ? content.sha256 : '';
}

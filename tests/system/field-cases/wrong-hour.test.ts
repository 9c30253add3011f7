import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import {
  importSigningKey,
  type LatchView,
  type PlayOrder,
  type ScheduleView,
  signDocument,
  topicOf,
} from '#protocols';
import { itWith } from '../../helpers/requirements.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';
import { playOrder } from '../../integration/agent/test-controller.ts';
import { AREA, Commune } from '../support/commune.ts';
import { GateProxy } from '../support/gate-proxy.ts';
import { Planning, refusal } from '../support/planning.ts';
import { likeness, type Recording, soundingRecordings } from '../support/recordings.ts';
import { VillageTime } from '../support/village-time.ts';

/** Of a machine that has a lot to do besides. */
const LIMIT_MS = 120_000;
const SPEAKER = 'loa-trung-loc';
const DAY_MS = 24 * 3_600_000;
const ROLES = ['administrator', 'editor', 'chairman', 'technician'] as const;

/** A whole day of all that people planned. */
const daily = (...times: string[]) => ({
  recurrence: { kind: 'weekly' as const, days: [1, 2, 3, 4, 5, 6, 7], times },
});

itWith(
  ['faketime'],
  'field case 1: nothing sounds at 03:15, whoever asks for it, and one call stops what does (Trung Lộc, 2025)',
  async () => {
    const time = VillageTime.at('03:15:00');
    const commune = new Commune({ folder: tempDir('wrong-hour'), env: time.env(), policy: null });
    onTestFinished(() => commune.stop());
    await commune.start();
    const proxy = new GateProxy(commune.controller.httpPort);
    await proxy.start();
    onTestFinished(() => proxy.stop());
    const [agent, news] = await Promise.all([
      commune.addAgent(SPEAKER, { env: time.env(), url: proxy.url }),
      commune.prepare({ seconds: 12, seed: 11 }),
    ]);
    const planning = new Planning(commune);
    const { controller } = commune;

    // The people: play now and plan, with leave and without.
    const leave = { windowOverride: { reason: 'sửa xong, phát thử' } };
    const tomorrow = time.next('03:15:00');
    for (const role of ROLES) {
      const mayAsk = role === 'editor' || role === 'chairman';
      const expected = mayAsk ? 'policy.outside_window' : 'request.forbidden';
      const client = controller.as(role);
      const play = (more: object) => client.post('/broadcasts', commune.playRequest(news, [SPEAKER], more));
      const plan = (more: object) =>
        client.post('/schedules', planning.wanted(news.announcementId, tomorrow, more));
      expect([role, await refusal(play({})), await refusal(plan({}))]).toEqual([role, expected, expected]);
      if (role === 'chairman') continue;
      // The editor here is a program: leave is for a person to give, whatever a role may do.
      const denied = role === 'editor' ? 'request.person_only' : 'request.forbidden';
      expect([role, await refusal(play(leave)), await refusal(plan(leave))]).toEqual([role, denied, denied]);
    }
    const technician = controller.as('technician');
    expect(await refusal(technician.post(`/speakers/${SPEAKER}/test`, {}))).toBe('policy.no_tests');

    // What will sound in the next 24 hours is there to be seen, and 03:15 is not in it.
    await controller
      .as('editor')
      .post<ScheduleView>(
        '/schedules',
        planning.wanted(news.announcementId, tomorrow, daily('06:00', '17:00')),
      );
    const from = Math.floor(time.now);
    const calendar = await planning.calendar(from, from + DAY_MS);
    const planned = [time.next('06:00:00'), time.next('17:00:00')];
    expect(calendar.items.map(({ startsAt }) => startsAt)).toEqual(planned);
    expect(calendar.classes).toHaveLength(1);
    const [here] = calendar.classes;
    expect(here?.speakerIds).toEqual([SPEAKER]);
    expect(here?.items.map(({ ranges }) => ranges.map(({ startedAt }) => startedAt))).toEqual(
      planned.map((at) => [at]),
    );

    // The loudspeaker: the controller's own key does not make it sound now.
    const key = importSigningKey(await readFile(join(controller.dataFolder, 'keys/operational.pem'), 'utf8'));
    const forge = async (name: string, change: Partial<PlayOrder>) => {
      const startsAt = Math.floor(time.now) + 500;
      const order = playOrder({ kind: 'stored', name, durationMs: 5_000 } as PlayOrder['content'], {
        ...{ revision: startsAt, issuedAt: startsAt, startsAt, targets: personal(SPEAKER) },
        ...{ requires: ['content:stored'], ...change },
      });
      proxy.inject(topicOf('order', SPEAKER), await signDocument('order', order, key));
      return until(`the account of the forged order for "${name}"`, async () =>
        (await commune.journal(SPEAKER)).find(({ orderId }) => orderId === order.id),
      );
    };
    // The window that it claims is open; the rules that the loudspeaker holds say otherwise.
    expect(await forge('attention-tone', {})).toMatchObject({
      ...{ kind: 'refused', code: 'order.outside_window' },
    });
    expect(await forge('chime', { window: null })).toMatchObject({
      ...{ kind: 'refused', code: 'order.outside_window' },
    });
    expect(await forge('test-tone', { test: true, priority: 'priority' })).toMatchObject({
      ...{ kind: 'refused', code: 'policy.no_tests' },
    });
    expect(await soundingRecordings(agent.recordings)).toEqual([]);

    // The chairman's own mistake: one call stops it, and holds.
    const live = commune.live();
    const mistake = await controller
      .as('chairman')
      .post<{ id: string }>('/broadcasts', commune.playRequest(news, [SPEAKER], leave));
    await live.next(
      'delivery.progress',
      { broadcastId: mistake.id, speakerId: SPEAKER, phase: 'playing' },
      ({ fraction }) => (fraction as number) > 0.05,
    );
    const scope = { kind: 'area', id: AREA };
    const latch = await technician.post<LatchView>('/latches', { scope, reason: 'phát nhầm giờ' });
    const stopped = await commune.settled(mistake.id, SPEAKER, ['interrupted', 'finished', 'cancelled']);
    expect(stopped).toMatchObject({ state: 'interrupted', code: 'order.latched', played: false });
    const [heard, ...more] = await soundingRecordings(agent.recordings);
    expect(more).toEqual([]);
    expect(likeness(news.samples, heard as Recording).heardMs).toBeLessThan(news.durationMs - 1_000);
    await until('every loudspeaker to be known to have stopped', async () => {
      const { untold } = await technician.get<LatchView>(`/latches/${latch.id}`);
      return untold === 0 && (await commune.speaker(SPEAKER)).status?.output === 'stopped';
    });
    const again = commune.playRequest(news, [SPEAKER], leave);
    expect(await refusal(controller.as('chairman').post('/broadcasts', again))).toBe('latch.held');
  },
  LIMIT_MS,
);

function personal(speaker: string): PlayOrder['targets'] {
  return { areas: [], speakers: [speaker], excludeAreas: [], excludeSpeakers: [] };
}

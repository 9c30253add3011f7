import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { AreaView, BroadcastView, EffectivePolicy, PlayOrder, Policy } from '#protocols';
import { playOrderCodec } from '#protocols';
import { askMorningStart } from '../../../server/first-run.ts';
import { COMMUNE, type Problem, startController, type TestController, type Who } from './support.ts';

const EVERY_DAY = [1, 2, 3, 4, 5, 6, 7];
const POLICY: Policy = {
  windows: [{ days: EVERY_DAY, opens: '06:00', closes: '07:00' }],
  sessionMinutes: 45,
  legalBasis: 'Quyết định 1387/QĐ-UBND',
};

function change(controller: TestController, who: Who, area: string, body: object) {
  return controller.call<AreaView & Problem>(who, 'PATCH', `areas/${area}`, { body });
}

function effective(controller: TestController, area: string, who: Who = 'viewer') {
  return controller.get<EffectivePolicy & Problem>(who, `areas/${area}/policy`);
}

describe('a policy', () => {
  it('that says nothing sensible is refused', async () => {
    const controller = await startController();
    const window = (opens: string, closes: string, days = EVERY_DAY) => ({ days, opens, closes });
    const testing = { days: [1], opens: '17:00', closes: '07:30', capDb: -12 };
    for (const [wrong, reason] of [
      [{ windows: [window('07:00', '06:00')] }, 'a window closes at 06:00'],
      [{ windows: [window('07:00', '07:00')] }, 'not after it opens'],
      [{ windows: [window('06:00', '07:00'), window('06:59', '08:00', [7])] }, 'overlap on a day'],
      [{ night: { from: '21:00', to: '21:00', capDb: -6 } }, 'begins and ends at 21:00'],
      [{ testing }, 'the testing hours close at 07:30'],
    ] as const) {
      const { status, body } = await change(controller, 'administrator', COMMUNE, {
        policy: { ...POLICY, ...wrong },
      });
      expect([status, body.error?.code], reason).toEqual([422, 'policy.invalid']);
      expect(body.error.message).toContain(reason);
    }
    const apart = [
      window('06:00', '07:00', [1]),
      window('06:30', '07:30', [2]),
      window('07:00', '08:00', [1]),
    ];
    const taken = await change(controller, 'administrator', COMMUNE, {
      policy: { ...POLICY, windows: apart },
    });
    expect(taken.status).toBe(200);
    const editors = await change(controller, 'editor', COMMUNE, { policy: POLICY });
    expect(editors.body.error.code).toBe('request.forbidden');
  });

  it('in force is told with where each rule comes from', async () => {
    const controller = await startController();
    const night = { from: '20:00', to: '06:30', capDb: -9 };
    await change(controller, 'administrator', COMMUNE, { policy: { ...POLICY, night } });
    const { body } = await effective(controller, 'ap-1');
    const commune = { areaId: COMMUNE, areaName: 'xã Tân An' };
    const builtIn = { areaId: null, areaName: null };
    expect(body).toMatchObject({
      areaId: 'ap-1',
      zone: 'Asia/Ho_Chi_Minh',
      policy: { ...POLICY, night, sessionsPerDay: null, sensitive: { capDb: -10 } },
      from: {
        windows: commune,
        night: commune,
        sensitive: builtIn,
        testing: builtIn,
        sessionsPerDay: builtIn,
      },
    });
    // What a hamlet's own policy leaves out stays the commune's.
    await change(controller, 'administrator', 'ap-1', { policy: POLICY });
    const own = (await effective(controller, 'ap-1')).body;
    expect(own.from.windows).toEqual({ areaId: 'ap-1', areaName: 'ấp ap-1' });
    expect([own.from.night, own.policy.night?.from]).toEqual([commune, '20:00']);
    expect(own.from.sessionsPerDay).toEqual(builtIn);
    const view = await controller.get<AreaView>('viewer', 'areas/ap-1');
    expect([view.body.policyFrom, view.body.policy.night?.from]).toEqual(['ap-1', '20:00']);
    await change(controller, 'administrator', 'ap-1', { policy: null });
    expect((await effective(controller, 'ap-1')).body.from.night).toEqual(commune);
    expect((await effective(controller, 'ap-1', 'other viewer')).body.error.code).toBe('request.forbidden');
    // Nobody chose one there: 05:30 to 06:30 and 17:00 to 18:00.
    const elsewhere = (await effective(controller, 'noi-khac', 'other viewer')).body;
    expect(elsewhere.from.windows).toEqual(builtIn);
    expect(elsewhere.policy.windows.map(({ opens, closes }) => `${opens}-${closes}`)).toEqual([
      '05:30-06:30',
      '17:00-18:00',
    ]);
  });
});

describe('the first run', () => {
  const answered = (text: string, end = false) => {
    const input = new PassThrough();
    input.write(text);
    if (end) input.end();
    const output = new PassThrough();
    output.resume();
    return askMorningStart(input, output, () => undefined);
  };

  it('asks when mornings begin, and takes its suggestion for an answer', async () => {
    expect(await answered('\n')).toBe('06:00');
    expect(await answered('05:45\n')).toBe('05:45');
    expect(await answered('6:30\n')).toBe('06:30');
    expect(await answered('04:30\nsáu giờ\n08:01\n07:15\n')).toBe('07:15');
    expect(await answered('', true)).toBe('06:00');
  });

  it.each([
    [{}, '06:00', '07:00'],
    [{ LOA_MORNING_START: '05:45' }, '05:45', '06:45'],
  ])('with %j writes it into the policy of the widest area', async (env, opens, closes) => {
    const controller = await startController({}, env);
    // The commune of the tests was given another one; what the first run wrote is in the log.
    const [made] = await controller.context.storage.read.audit.list(1, 1);
    const { policy } = JSON.parse(made?.detail ?? '{}') as { policy: Policy };
    expect(policy.windows).toEqual([
      { days: EVERY_DAY, opens, closes },
      { days: EVERY_DAY, opens: '17:00', closes: '18:00' },
    ]);
    expect(policy.legalBasis).toBe('Nghị định 49/2024/NĐ-CP');
  });
});

describe('a technician’s test', () => {
  const OPEN = { days: EVERY_DAY, opens: '00:00', closes: '24:00', capDb: -15 };

  it('is a quiet tone in testing hours, written down, and nothing else', async () => {
    const controller = await startController();
    await controller.speaker('loa-1', 'ap-1');
    await change(controller, 'administrator', COMMUNE, { policy: { ...POLICY, windows: [], testing: OPEN } });
    const test = (who: Who, body: object) =>
      controller.post<BroadcastView & Problem>(who, 'speakers/loa-1/test', body);
    const { status, body } = await test('technician', { seconds: 3 });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      announcementId: null,
      targetCount: 1,
      createdBy: 'technician',
      areaId: 'ap-1',
    });
    const { storage } = controller.context;
    const [stored] = await storage.read.broadcasts.orders(body.id);
    const order: PlayOrder = playOrderCodec.parse(
      Buffer.from(stored?.document.split('.')[1] ?? '', 'base64url'),
    );
    expect(order).toMatchObject({
      test: true,
      priority: 'normal',
      content: { kind: 'stored', name: 'test-tone', durationMs: 3_000 },
      requires: ['order:play', 'content:stored', 'gain'],
      volume: { gainDb: -15, ignoreCap: false },
      prelude: [],
      windowOverride: null,
      targets: { areas: [], speakers: ['loa-1'] },
    });
    expect(order.window?.opensAt).toBeLessThanOrEqual(order.startsAt);
    expect(order.hardEndAt - order.startsAt).toBeLessThanOrEqual(20_000);
    expect(stored?.topics).toEqual(['loa/1/speaker/loa-1/down/order']);
    for (const wrong of [{ seconds: 11 }, { sound: 'chime' }, { announcementId: 'ann_1' }])
      expect((await test('technician', wrong)).body.error?.code).toBe('request.invalid');
    expect((await test('administrator', {})).status).toBe(201);
    for (const who of ['editor', 'viewer', 'other technician'] as const)
      expect((await test(who, {})).body.error.code, who).toBe('request.forbidden');
    const play = { announcementId: 'ann_1', targets: { speakers: ['loa-1'] } };
    const refused = await controller.post<Problem>('technician', 'broadcasts', play);
    expect(refused.body.error.code).toBe('request.forbidden');
    const audit = await storage.read.audit.list(1, 100);
    expect(
      audit.filter(({ action }) => action === 'speaker.test').map(({ actor, subject }) => [actor, subject]),
    ).toEqual([
      ['technician', 'loa-1'],
      ['administrator', 'loa-1'],
    ]);
  });

  it('is refused outside those hours, where there are none, and where everything is stopped', async () => {
    const controller = await startController();
    await controller.speaker('loa-1', 'ap-1');
    const test = () => controller.post<BroadcastView & Problem>('technician', 'speakers/loa-1/test', {});
    const testing = async (rule: object | null) =>
      change(controller, 'administrator', COMMUNE, { policy: { ...POLICY, testing: rule } });
    await testing(null);
    expect((await test()).body.error).toMatchObject({ code: 'policy.no_tests', params: { seconds: 10 } });
    // A day that is not today, in Vietnam.
    const local = new Date(controller.context.services.clock.now() + 7 * 3_600_000);
    await testing({ ...OPEN, days: [((local.getUTCDay() + 3) % 7) + 1] });
    expect((await test()).body.error.code).toBe('policy.no_tests');
    await testing(OPEN);
    await controller.post('technician', 'latches', {
      scope: { kind: 'speaker', id: 'loa-1' },
      reason: 'đang sửa',
    });
    expect((await test()).body.error.code).toBe('latch.held');
  });
});

it('asks at the first run alone', async () => {
  const controller = await startController();
  await controller.stop();
  let asked = 0;
  await controller.start({
    askMorningStart: async () => {
      asked += 1;
      return '07:00';
    },
  });
  expect(asked).toBe(0);
});

import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SystemClock } from '#kit';
import {
  type ChunkList,
  type EnrolmentCode,
  generateSigningKey,
  journalBatchCodec,
  type LatchDetail,
  type PlanState,
  type PlayOrder,
  payloadOf,
  readEnrolmentUri,
  sha256,
  signDocument,
  topicOf,
} from '#protocols';
import { enrol } from '../../device-agent/enrol/enrol.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';
import { connectMqtt, TestSpeaker } from '../integration/mqtt/test-speaker.ts';
import { Commune } from './support/commune.ts';
import { isOrder } from './support/line-account.ts';
import type { Overheard } from './support/owned-line.ts';
import { Contents, FLOOD, LIE, NEWS, OwnedVillage } from './support/owned-village.ts';
import { Planning } from './support/planning.ts';

/**
 * Whoever owns the broker and the router before it tries all that he can. No loudspeaker speaks what was not signed for it, in time and
 * unexpired; what is kept back is shown as not told. The PCM is the judge. Every attack ends with a signed announcement that both
 * loudspeakers have to be heard with: so the line was open, they would have sounded, and the ears hear. Two villages, to be done sooner.
 */
const LIMIT_MS = 120_000;
/** Limit and interval of a look at what sounds: each reads a recording. */
const NOW_AND_THEN = [30_000, 200] as const;
/** No start is late, and a busy machine has time to be ready for it. */
const IN_TIME = { latenessMs: 0, leadMs: 4_000 };
const contents = new Contents();
let commune: Commune;
let a: OwnedVillage;
let b: OwnedVillage;

beforeAll(async () => {
  commune = await new Commune({ folder: tempDir('owned-broker') }).start();
  [a, b] = [new OwnedVillage('dong', commune, contents), new OwnedVillage('doai', commune, contents)];
  await Promise.all([a.start(), b.start(), contents.prepare(commune)]);
}, LIMIT_MS);
afterAll(async () => {
  await commune.stop();
  await Promise.all([a.line.stop(), b.line.stop()]);
});

/** An order that begins in a moment, in every other way like a real one. */
function soon(order: PlayOrder, speaker: string): PlayOrder {
  const startsAt = Date.now() + 100;
  const hardEndAt = startsAt + 30_000;
  return {
    ...order,
    ...{
      issuedAt: startsAt - 100,
      startsAt,
      latestStartAt: startsAt + 5_000,
      hardEndAt,
      expiresAt: hardEndAt,
    },
    ...{ id: `ord_${startsAt}`, broadcastId: `bc_${startsAt}`, revision: startsAt },
    targets: { ...order.targets, areas: [], speakers: [speaker] },
  };
}

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const isPlan = ({ name }: Overheard) => /plan$/i.test(name);
const isLatch = ({ name }: Overheard) => /latch$/i.test(name);

describe.concurrent('whoever owns the broker', { timeout: LIMIT_MS }, () => {
  it('is heard only in what was signed, and sees every secret on the line', () =>
    a.attack(async ({ line, dinh, cau, area }) => {
      await a.over(await a.order(LIE, { areas: [area] }));
      await a.over(await a.order(NEWS, { speakers: [cau] }), [cau]);
      expect(await a.heardBesideProof()).toEqual([[LIE], [LIE, NEWS]]);
      expect([...line.secrets.keys()].sort()).toEqual([cau, dinh]);
    }));

  it('rolls back a plan: what was taken out is silent where that was told, and where it was withheld it is shown', () =>
    b.attack(async ({ line, dinh, cau, area }) => {
      const planning = new Planning(commune);
      const editor = commune.controller.as('editor');
      // A busy machine has to tell of the change before.
      const startsAt = Math.ceil(Date.now() / 1_000) * 1_000 + 10_000;
      const here = { areaId: area, targets: { areas: [area] } };
      // The documents of the plan, as they went by.
      const documents = new Map<string, Buffer>();
      line.rewrite = (path, body) => {
        if (path.includes('/plans/')) documents.set(path, body);
        return undefined;
      };
      const schedule = await planning.schedule(contents.of(NEWS).announcementId, startsAt, here);
      const old = line.overheard.findLast((one) => one.speaker === dinh && isPlan(one));
      // Nobody is told of what follows by an order, and one of them not by a plan either.
      line.rule = (one) => (isOrder(one) || (one.speaker === cau && isPlan(one)) ? 'keep' : 'pass');
      await planning.delete(schedule);
      const scopes = async () => {
        const state = await editor.get<PlanState>(`/plans/state?area=${area}`);
        return state.scopes.filter(({ scope }) => scope.id === area);
      };
      await until('one to be told', async () => (await scopes())[0]?.told === 1);
      expect(await scopes()).toMatchObject([{ speakers: 2, told: 1 }]);
      expect(Date.now(), 'told before the slot began').toBeLessThan(startsAt);
      // From now on nobody mends what he says.
      line.rule = (one) => (isOrder(one) || isPlan(one) ? 'keep' : 'pass');
      line.rewrite = (path) => documents.get(path);
      line.tell(dinh, 'plan', dinh, old?.payload ?? '');
      line.tell(dinh, 'areaPlan', area, old?.payload ?? '');
      await until(
        'the slot to sound where its end was withheld',
        async () => (await b.heardAt(cau))[0] === NEWS,
        ...NOW_AND_THEN,
      );
      await Promise.all([line.reconnect(dinh), line.reconnect(cau)]);
      expect(await b.heardBesideProof()).toEqual([[], [NEWS]]);
    }));

  it('forges: nothing sounds that another key, no key, another word or another purpose has signed', () =>
    a.attack(async ({ line, dinh, cau, apDinh }) => {
      const real = await a.orderOf(await a.order(LIE, { speakers: [cau] }), cau);
      const order = soon(JSON.parse(payloadOf(real.payload).toString()) as PlayOrder, dinh);
      const mine = generateSigningKey();
      const [head = '', , signature = ''] = real.payload.split('.');
      const { kid } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string };
      // A loudspeaker that asks for key statements is given his own.
      line.rewrite = (path, body) => {
        if (!path.startsWith('/api/v1/keys/statements')) return undefined;
        const { statements } = JSON.parse(body.toString()) as { statements: string[] };
        const uses = ['order', 'latch', 'assignment', 'plan'];
        const keys = [{ kid: mine.kid, publicKey: mine.publicKey, uses }];
        const next = { v: 1, n: 2, previous: sha256(statements[0] ?? ''), roots: [mine.publicKey], keys };
        const header = encoded({ alg: 'EdDSA', kid: mine.kid, typ: 'loa-key-statement' });
        const forged = `${header}.${encoded({ ...next, issuedAt: Date.now() })}.${signature}`;
        return Buffer.from(JSON.stringify({ statements: [forged] }));
      };
      const documents = [
        await signDocument('order', order, mine),
        await signDocument('order', order, { ...mine, kid }),
        `${head}.${encoded(order)}.${signature}`,
        `${encoded({ alg: 'none', kid, typ: 'loa-order' })}.${encoded(order)}.`,
        JSON.stringify(order),
        // What the controller really signed, said to be something else.
        ...line.overheard
          .filter((one) => one.name === 'assignment' || isPlan(one))
          .map(({ payload }) => payload),
      ];
      for (const document of documents) {
        line.tell(dinh, 'order', dinh, document);
        line.tell(dinh, 'areaOrder', apDinh, document);
      }
      const stop = {
        v: 1,
        id: 'lat_x',
        scope: { kind: 'speaker', id: dinh },
        revision: Date.now(),
        state: 'set',
      };
      const latch = { ...stop, by: 'x', reason: 'x', issuedAt: Date.now() };
      line.tell(dinh, 'latch', dinh, await signDocument('latch', latch, mine));
      expect(await a.heardBesideProof()).toEqual([[], [LIE]]);
    }));

  it('withholds a stop: it is shown who was not told, and holds as soon as they are', () =>
    b.attack(async ({ line, cau, dinh, area }) => {
      const administrator = commune.controller.as('administrator');
      line.rule = (one) => (one.speaker === cau && isLatch(one) ? 'keep' : 'pass');
      const repeat = { count: 100, intervalMs: 100 };
      const lie = await b.order(LIE, { areas: [area] }, { repeat, leadMs: 1_000 });
      const wanted = { scope: { kind: 'area', id: area }, reason: 'thử' };
      const { id } = await administrator.post<LatchDetail>('/latches', wanted);
      const detail = () => administrator.get<LatchDetail>(`/latches/${id}`);
      await until('one to be told', async () => (await detail()).untold === 1);
      expect(await detail()).toMatchObject({ speakers: 2, untoldSpeakers: [cau] });
      await until('the other to go on', async () => (await b.heardAt(cau)).length >= 2, ...NOW_AND_THEN);
      line.honest();
      await line.reconnect(cau);
      await until('both to be told', async () => (await detail()).untold === 0);
      await b.over(lie, [cau]);
      await commune.controller.as('editor').post(`/broadcasts/${lie.id}/cancel`, { reason: 'thử' });
      await b.over(lie);
      const set = line.overheard.findLast(isLatch);
      await administrator.post(`/latches/${id}/release`, { reason: 'xong' });
      await until('the release to be told', async () => (await detail()).untold === 0);
      // The stop once more: what was released never holds again, so the proof sounds.
      for (const speaker of [dinh, cau]) line.tell(speaker, 'areaLatch', area, set?.payload ?? '');
      const [atDinh, atCau] = await b.heardBesideProof();
      expect(atDinh).toEqual([]);
      expect(new Set(atCau)).toEqual(new Set([LIE]));
    }));

  it('replays: what sounded does not sound again, on this connection or another', () =>
    a.attack(async ({ line, dinh, cau, area }) => {
      const broadcast = await a.order(NEWS, { areas: [area] }, { latenessMs: 60_000 });
      await a.over(broadcast);
      const { payload } = await a.orderOf(broadcast, dinh);
      const again = () => {
        for (const speaker of [dinh, cau])
          for (const topic of ['areaOrder', 'order', 'areaOrder'] as const)
            line.tell(speaker, topic, topic === 'order' ? speaker : area, payload);
      };
      again();
      await line.reconnect(dinh);
      again();
      expect(await a.heardBesideProof()).toEqual([[NEWS], [NEWS]]);
    }));

  it('swaps audio: other bytes do not sound, neither whole nor by pieces; the true ones do when they come', () =>
    b.attack(async ({ line, dinh, cau, area }) => {
      const { sha256: wanted } = contents.of(FLOOD);
      const other = contents.of(LIE).sha256;
      const headers = { authorization: `Bearer ${commune.controller.token('editor')}` };
      const of = async (path: string) =>
        Buffer.from(
          await (await fetch(`${commune.controller.url}/api/v1/media/${path}`, { headers })).arrayBuffer(),
        );
      const { chunkBytes, bytes: length } = JSON.parse(
        (await of(`${wanted}/chunks`)).toString(),
      ) as ChunkList;
      // As long as what was ordered, and with a list of pieces that fits it.
      const bytes = Buffer.alloc(length, (await of(other)).subarray(0, length)).fill(
        0,
        (await of(other)).length,
      );
      const pieces = Array.from({ length: Math.ceil(length / chunkBytes) }, (_, at) =>
        sha256(bytes.subarray(at * chunkBytes, (at + 1) * chunkBytes)),
      );
      const list = { v: 1, sha256: wanted, bytes: length, chunkBytes, chunks: pieces };
      let swapped = 0;
      line.rewrite = (path) => {
        if (!path.includes(wanted)) return undefined;
        swapped += 1;
        return path.includes('/chunks') ? Buffer.from(JSON.stringify(list)) : bytes;
      };
      const everywhere = (what: unknown) => async () =>
        (await b.heardAt(dinh)).includes(what as never) && (await b.heardAt(cau)).includes(what as never);
      const more = { prelude: undefined, until: Date.now() + 30_000 };
      const flood = await b.order(FLOOD, { areas: [area] }, more);
      await until('the tone at both', everywhere('sound'), ...NOW_AND_THEN);
      await until('both to have asked for bytes', async () => swapped >= 4);
      line.honest();
      await until('the true words at both', everywhere(FLOOD), ...NOW_AND_THEN);
      await commune.controller.as('chairman').post(`/broadcasts/${flood.id}/cancel`, { reason: 'thử' });
      await b.over(flood);
      for (const heard of await b.heardBesideProof())
        expect(new Set(heard)).toEqual(new Set(['sound', FLOOD]));
    }));

  it('crosses areas: what was signed for one hamlet or loudspeaker does not sound at another', () =>
    a.attack(async ({ line, dinh, cau, apDinh, apCau, area }) => {
      const hamlet = await a.order(NEWS, { areas: [apCau] });
      const named = await a.order(LIE, { speakers: [cau] });
      const documents = [await a.orderOf(hamlet, cau), await a.orderOf(named, cau)];
      const assignment = line.overheard.find(({ name, id }) => name === 'assignment' && id === cau);
      // As if it lay in that hamlet, and as if the orders were its own.
      line.tell(dinh, 'assignment', dinh, assignment?.payload ?? '');
      for (const { payload } of documents) {
        line.tell(dinh, 'order', dinh, payload);
        for (const topic of [apDinh, apCau, area]) line.tell(dinh, 'areaOrder', topic, payload);
      }
      await Promise.all([hamlet, named].map((one) => a.over(one, [cau])));
      expect(await a.heardBesideProof()).toEqual([[], [NEWS, LIE]]);
    }));

  it('has a stolen secret: that publishes no order, hears nobody else’s, and signs no receipt', () =>
    b.attack(async ({ line, dinh, cau, area, apDinh, apCau }) => {
      const secret = line.secrets.get(dinh) ?? '';
      const url = `ws://127.0.0.1:${commune.controller.httpPort}/mqtt`;
      line.rule = (one) => (one.speaker === dinh && isOrder(one) ? 'keep' : 'pass');
      const broadcast = await b.order(NEWS, { areas: [area] });
      await b.over(broadcast, [cau]);
      const { payload } = await b.orderOf(broadcast, cau);
      const as = (clientId: string) => connectMqtt(url, { clientId, username: clientId, password: secret });
      await expect(as(cau)).rejects.toThrow();
      // It says that it took the order and played it, and signs that with a key of its own.
      const thief = new TestSpeaker({ id: dinh, secret, url, sessionEpoch: Date.now() });
      await thief.connect([area, apDinh]);
      const { id } = JSON.parse(payloadOf(payload).toString()) as PlayOrder;
      await thief.send('answer', thief.answer({ id, hash: sha256(payload), broadcastId: broadcast.id }));
      thief.writePlay(broadcast.id);
      await thief.send('journal', thief.batch());
      thief.cut();
      for (const topic of [topicOf('order', cau), topicOf('areaOrder', area), topicOf('areaOrder', apCau)]) {
        const client = await as(dinh);
        const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
        client.publish(topic, payload, { qos: 1 });
        await closed;
        client.end(true);
      }
      const client = await as(dinh);
      const granted = await client.subscribeAsync(topicOf('order', cau)).catch(() => []);
      expect(granted.filter(({ qos }) => qos !== 128)).toEqual([]);
      client.end(true);
      await line.reconnect(dinh);
      const untold = { state: 'pending', played: false, plays: [] };
      expect(await commune.delivery(broadcast.id, dinh)).toMatchObject(untold);
      expect(await b.heardBesideProof()).toEqual([[], [NEWS]]);
    }));

  it('delays: what is kept back is shown as not told, and does not sound after its expiry, whatever the clock is said to be', () =>
    a.attack(async ({ line, dinh, cau, area }) => {
      const oldTime = line.overheard.find(({ name, speaker }) => name === 'time' && speaker === dinh);
      // Whoever asks for the time gets an old answer.
      line.rule = (one) => {
        if (one.speaker !== dinh) return 'pass';
        return isOrder(one) ? 'keep' : one.name === 'time' ? { payload: oldTime?.payload ?? '' } : 'pass';
      };
      const broadcast = await a.order(NEWS, { areas: [area] }, IN_TIME);
      await a.over(broadcast, [cau]);
      expect(await commune.delivery(broadcast.id, dinh)).toMatchObject({ state: 'pending', played: false });
      const { payload } = await a.orderOf(broadcast, dinh);
      const { expiresAt } = JSON.parse(payloadOf(payload).toString()) as PlayOrder;
      await until('the order to expire', () => Date.now() >= expiresAt);
      line.tell(dinh, 'order', dinh, payload);
      const refusal = await line.hear('the refusal', (one) => {
        return one.name === 'answer' && one.speaker === dinh && one.payload.includes(broadcast.id);
      });
      expect(refusal.payload).toContain('order.expired');
      expect(await a.heardBesideProof()).toEqual([[], [NEWS]]);
    }));

  it('keeps receipts back: nothing counts as played before it is told, and all is told afterwards', () =>
    b.attack(async ({ line, dinh, area }) => {
      const isReceipt = ({ speaker, name }: Overheard) => speaker === dinh && name === 'journal';
      line.rule = (one) => (isReceipt(one) ? 'keep' : 'pass');
      const broadcast = await b.order(NEWS, { areas: [area] });
      await until('it to have sounded', async () => (await b.heardAt(dinh)).includes(NEWS), ...NOW_AND_THEN);
      // The loudspeaker is told that all of it is stored.
      for (const { payload } of line.kept.filter(isReceipt)) {
        const { epoch, after, lines } = journalBatchCodec.parse(payload);
        const stored = { seq: after.seq + lines.length, hash: sha256(lines.at(-1) ?? '') };
        line.tell(dinh, 'journalAck', dinh, JSON.stringify({ v: 1, epoch, ...stored }));
      }
      expect(await commune.delivery(broadcast.id, dinh)).toMatchObject({ played: false, plays: [] });
      line.honest();
      await line.reconnect(dinh);
      await b.over(broadcast);
      expect(await commune.delivery(broadcast.id, dinh)).toMatchObject({ state: 'finished', played: true });
      expect(await b.heardBesideProof()).toEqual([[NEWS], [NEWS]]);
    }));

  it('reorders: a cancel before its order, and an older state after a newer one, leave it silent', () =>
    a.attack(async ({ line, dinh, cau, area }) => {
      line.rule = (one) => (one.speaker === dinh && isOrder(one) ? 'keep' : 'pass');
      const broadcast = await a.order(NEWS, { areas: [area] }, { leadMs: 1_500 });
      const { payload: play } = await a.orderOf(broadcast, dinh);
      await commune.controller.as('editor').post(`/broadcasts/${broadcast.id}/cancel`, { reason: 'thử' });
      const { payload: cancel } = await a.orderOf(broadcast, dinh, 'cancel');
      for (const document of [cancel, play]) line.tell(dinh, 'order', dinh, document);
      line.honest();
      // Muted, and told once more that it is not.
      const before = line.overheard.findLast(({ name, id }) => name === 'assignment' && id === dinh);
      await a.assign(dinh, { mute: { reason: 'đám tang', until: null } });
      line.tell(dinh, 'assignment', dinh, before?.payload ?? '');
      const lie = await a.order(LIE, { areas: [area] }, IN_TIME);
      await a.over(lie);
      await a.assign(dinh, { mute: null });
      expect(await a.heardBesideProof()).toEqual([[], [LIE]]);
      expect(await commune.delivery(lie.id, cau)).toMatchObject({ played: true });
    }));

  it('poses as the controller at an enrolment: the loudspeaker believes nothing and keeps nothing', () =>
    b.attack(async ({ line, apDinh }) => {
      const technician = commune.controller.as('technician');
      const body = { id: 'loa-moi', areaId: apDinh, name: 'Cụm loa mới' };
      const { enrolment } = await technician.post<{ enrolment: EnrolmentCode }>('/speakers', body);
      const invitation = { ...readEnrolmentUri(enrolment.uri), url: line.url };
      const folder = join(commune.folder, 'loa-moi');
      const provisioningFile = join(folder, 'provisioning.json');
      const attempt = () =>
        enrol({ invitation, dataFolder: join(folder, 'data'), provisioningFile, clock: new SystemClock() });
      const mine = generateSigningKey().publicKey;
      line.rewrite = (path, answer) =>
        path.includes('/enrolments/begin')
          ? Buffer.from(JSON.stringify({ ...(JSON.parse(answer.toString()) as object), rootKeys: [mine] }))
          : undefined;
      await expect(attempt()).rejects.toMatchObject({ code: 'enrolment.unproved' });
      await expect(access(provisioningFile)).rejects.toMatchObject({ code: 'ENOENT' });
      line.honest();
      expect((await attempt()).rootKeys).not.toContain(mine);
    }));
});

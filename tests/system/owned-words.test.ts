import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  generateSigningKey,
  type HealthReport,
  type HeldScoped,
  type Hello,
  healthReportCodec,
  heldHash,
  helloCodec,
  importSigningKey,
  type LatchDetail,
  latchCodec,
  type PlanState,
  type PlayOrder,
  payloadOf,
  planHeadCodec,
  type ScheduleView,
  type SignedWordName,
  sha256,
  signedWord,
  signerOf,
  splitWord,
} from '#protocols';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';
import { Commune } from './support/commune.ts';
import { isOrder } from './support/line-account.ts';
import type { Overheard } from './support/owned-line.ts';
import { Contents, NEWS, OwnedVillage } from './support/owned-village.ts';
import { Planning } from './support/planning.ts';

/**
 * Whoever owns the broker keeps something back and says in a loudspeaker's name that it was told. What the controller shows is what the
 * loudspeaker itself has signed, and no older than the last of it: so what is kept back is sent again and shown as not told, and holds as
 * soon as it comes through. The PCM is the judge of what sounds.
 */
const LIMIT_MS = 120_000;
const FORGED = 'code="message.bad_signature"';
const contents = new Contents();
const mine = generateSigningKey();
let commune: Commune;
let village: OwnedVillage;

beforeAll(async () => {
  commune = await new Commune({ folder: tempDir('owned-words') }).start();
  village = new OwnedVillage('nam', commune, contents);
  await Promise.all([village.start(), contents.prepare(commune)]);
}, LIMIT_MS);
afterAll(async () => {
  await commune.stop();
  await village.line.stop();
});

const refusals = () => commune.metric('loa_mqtt_refused_total', FORGED);

/** What a loudspeaker itself said of one kind, oldest first. */
const saidBy = (speaker: string, name: SignedWordName) =>
  village.line.overheard.filter((one) => one.speaker === speaker && one.name === name);
const bodyOf = ({ payload }: Overheard) => splitWord(Buffer.from(payload)).body;
const lastHello = (speaker: string): Hello =>
  helloCodec.parse(bodyOf(saidBy(speaker, 'hello').at(-1) as Overheard));
/** Reports under a signature. */
const reportsOf = (speaker: string) =>
  saidBy(speaker, 'health').filter(({ payload }) => payload.includes('\n'));

/** Says all this in a loudspeaker's name, and waits until the controller has refused it. */
async function forge(speaker: string, words: readonly (readonly [SignedWordName, string])[]): Promise<void> {
  const before = await refusals();
  for (const [name, text] of words) village.line.claim(speaker, name, text);
  await until('all of it to be refused', async () => (await refusals()) >= before + words.length);
  expect(await refusals()).toBe(before + words.length);
}

/** A message without a signature, with his own, and with a true one of another message. */
function forgeries(name: SignedWordName, speaker: string, message: object, other: string) {
  const [, signature = ''] = other.split('\n');
  return [
    [name, JSON.stringify(message)],
    [name, signedWord(name, speaker, message, signerOf(mine))],
    [name, `${JSON.stringify(message)}\n${signature}`],
  ] as const;
}

/** What a loudspeaker would say if it held these documents instead of what it holds of their scopes. */
function claims(speaker: string, more: readonly HeldScoped[]): { hello: Hello; report: HealthReport } {
  const hello = lastHello(speaker);
  const last = healthReportCodec.parse(bodyOf(reportsOf(speaker).at(-1) as Overheard));
  const isOther = (one: HeldScoped) =>
    more.every(({ kind, scope }) => one.kind !== kind || one.scope.id !== scope.id);
  const held = [...hello.held.filter(isOther), ...more];
  // He may take any number: also one that is far from what the loudspeaker says next.
  const n = Math.max(hello.n, last.n ?? 0) + 1_000;
  const { v, sessionEpoch } = hello;
  return {
    hello: { ...hello, n, held },
    report: { v, sessionEpoch, at: Date.now(), n, held: heldHash(held) },
  };
}

/** Has a loudspeaker say anew what it holds: in a hello, and in a whole report. */
async function freshWords(speaker: string): Promise<void> {
  await village.line.reconnect(speaker);
  await until('its first report', () =>
    reportsOf(speaker)
      .at(-1)
      ?.payload.includes(`"sessionEpoch":${lastHello(speaker).sessionEpoch},`),
  );
}

/** All that he can say of what a loudspeaker holds; none of it is believed. */
async function claimAll(
  speaker: string,
  neighbour: string,
  more: readonly HeldScoped[],
): Promise<HealthReport> {
  const { hello, report } = claims(speaker, more);
  const [ownHello, ownReport] = [saidBy(speaker, 'hello'), reportsOf(speaker)].map(
    (words) => words.at(-1)?.payload ?? '',
  );
  await forge(speaker, [
    ...forgeries('hello', speaker, hello, ownHello ?? ''),
    ...forgeries('health', speaker, report, ownReport ?? ''),
    // What the neighbour, who was told, has truly said of itself.
    ['hello', saidBy(neighbour, 'hello').at(-1)?.payload ?? ''],
    ['health', reportsOf(neighbour).at(-1)?.payload ?? ''],
  ]);
  // What it truly said before is taken, and no news. Reports are taken in their order: with the forged one the others are.
  for (const { payload } of [...reportsOf(speaker)]) village.line.claim(speaker, 'health', payload);
  for (const { payload } of [...saidBy(speaker, 'hello')]) {
    const seen = village.line.overheard.length;
    village.line.claim(speaker, 'hello', payload);
    await until('it to be greeted again', () =>
      village.line.overheard.slice(seen).find(({ name, id }) => name === 'welcome' && id === speaker),
    );
  }
  await forge(speaker, forgeries('health', speaker, report, ownReport ?? ''));
  return report;
}

/** The same claim as the loudspeaker itself would sign it: what he lacks is the key alone. */
async function asItself(speaker: string, report: HealthReport): Promise<void> {
  const pem = await readFile(join(commune.folder, speaker, 'data', 'identity.pem'), 'utf8');
  const signer = signerOf(importSigningKey(pem));
  village.line.claim(speaker, 'health', signedWord('health', speaker, report, signer));
}

describe('whoever owns the broker and speaks for loudspeakers', { timeout: LIMIT_MS }, () => {
  it('answers an order that he keeps back: it is sent again, shown as pending, and sounds when it comes', () =>
    village.attack(async ({ line, dinh, cau, area }) => {
      // Of this one there is a true answer.
      await village.over(await village.order(NEWS, { speakers: [dinh] }), [dinh]);
      line.rule = (one) => (one.speaker === dinh && isOrder(one) ? 'keep' : 'pass');
      const broadcast = await village.order(NEWS, { areas: [area] }, { latenessMs: 60_000 });
      const { payload } = await village.orderOf(broadcast, dinh);
      const { id: orderId } = JSON.parse(payloadOf(payload).toString()) as PlayOrder;
      const isAnswer = ({ speaker, name, payload: said }: Overheard) =>
        speaker === cau && name === 'answer' && said.includes(broadcast.id);
      const { payload: neighbour } = await line.hear('the answer of the neighbour', isAnswer);
      const answer = { v: 1, orderId, orderHash: sha256(payload), broadcastId: broadcast.id };
      const sent = () => line.kept.filter((one) => one.payload === payload).length;
      const before = sent();
      for (const said of ['accepted', 'refused'])
        await forge(dinh, [
          ...forgeries('answer', dinh, { ...answer, answer: said, at: Date.now() }, neighbour),
          ['answer', neighbour],
        ]);
      // What it truly said to orders of before answers this one as little.
      for (const old of saidBy(dinh, 'answer')) line.claim(dinh, 'answer', old.payload);
      await until('it to be sent again', () => sent() > before);
      expect(await commune.delivery(broadcast.id, dinh)).toMatchObject({ state: 'pending', played: false });
      line.honest();
      await line.reconnect(dinh);
      await village.over(broadcast);
      expect(await commune.delivery(broadcast.id, dinh)).toMatchObject({ state: 'finished', played: true });
      expect(await village.heardBesideProof()).toEqual([[NEWS, NEWS], [NEWS]]);
    }));

  it('says that a stop is held which he keeps back: who was not told is shown, until it is', () =>
    village.attack(async ({ line, dinh, cau, area }) => {
      const administrator = commune.controller.as('administrator');
      await freshWords(cau);
      line.rule = (one) => (one.speaker === cau && /latch$/i.test(one.name) ? 'keep' : 'pass');
      const wanted = { scope: { kind: 'area', id: area }, reason: 'thử' };
      const { id } = await administrator.post<LatchDetail>('/latches', wanted);
      const detail = () => administrator.get<LatchDetail>(`/latches/${id}`);
      await until('one to be told', async () => (await detail()).untold === 1);
      const { payload } = await line.hear(
        'the stop',
        ({ name, speaker }) => speaker === cau && name === 'areaLatch',
      );
      const { scope, revision } = latchCodec.parse(payloadOf(payload));
      const report = await claimAll(cau, dinh, [{ kind: 'latch', scope, revision, hash: sha256(payload) }]);
      expect(await detail()).toMatchObject({ speakers: 2, untold: 1, untoldSpeakers: [cau] });
      await asItself(cau, report);
      await until('a true word to be believed', async () => (await detail()).untold === 0);
      await line.reconnect(cau);
      await until('a truer one, too', async () => (await detail()).untold === 1);
      line.honest();
      await line.reconnect(cau);
      await until('both to be told', async () => (await detail()).untold === 0);
      await administrator.post(`/latches/${id}/release`, { reason: 'xong' });
      await until('the release to be told', async () => (await detail()).untold === 0);
      expect(await village.heardBesideProof()).toEqual([[], []]);
    }));

  it('says that a plan is held which he keeps back: who was not told is shown, until it is', () =>
    village.attack(async ({ line, dinh, cau, area }) => {
      const planning = new Planning(commune);
      const editor = commune.controller.as('editor');
      await freshWords(cau);
      line.rule = (one) => (one.speaker === cau && /plan$/i.test(one.name) ? 'keep' : 'pass');
      const tomorrow = Math.ceil(Date.now() / 1_000) * 1_000 + 24 * 3_600_000;
      const here = { areaId: area, targets: { areas: [area] } };
      const { announcementId } = contents.of(NEWS);
      const plan = planning.wanted(announcementId, tomorrow, here);
      const schedule = await editor.post<ScheduleView>('/schedules', plan);
      const told = async () => {
        const { scopes } = await editor.get<PlanState>(`/plans/state?area=${area}`);
        return scopes.find(({ scope }) => scope.id === area)?.told;
      };
      await until('one to be told', async () => (await told()) === 1);
      const { payload } = await line.hear(
        'the plan',
        ({ name, speaker }) => speaker === cau && name === 'areaPlan',
      );
      const { scope, revision } = planHeadCodec.parse(payloadOf(payload));
      const report = await claimAll(cau, dinh, [{ kind: 'plan', scope, revision, hash: sha256(payload) }]);
      expect(await told()).toBe(1);
      await asItself(cau, report);
      await until('a true word to be believed', async () => (await told()) === 2);
      line.honest();
      await line.reconnect(cau);
      await until('both to hold it', async () => (await told()) === 2);
      expect(lastHello(cau).held).not.toContainEqual(expect.objectContaining({ hash: sha256(payload) }));
      await planning.delete(schedule);
      expect(await village.heardBesideProof()).toEqual([[], []]);
    }));
});

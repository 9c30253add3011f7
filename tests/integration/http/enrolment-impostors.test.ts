import { sign } from 'node:crypto';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SystemClock } from '#kit';
import {
  type EnrolmentBegun,
  type EnrolmentExchange,
  type EnrolmentFinished,
  enrolmentKey,
  generateExchangeKey,
  generateSigningKey,
  prove,
  transcript,
} from '#protocols';
import { enrol } from '../../../device-agent/enrol/enrol.ts';
import { type EnrolmentPost, exchangeCode } from '../../../device-agent/enrol/exchange.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { audioStatus, connect, enter, invitationOf, listening, SPEAKER } from './enrolment-support.ts';
import { type Problem, startController } from './support.ts';

const UNPROVED = { code: 'enrolment.unproved' };
const random32 = () => generateExchangeKey().publicKey;

/** A controller of somebody else's, with root keys of its own and without the code. */
const impostorController: EnrolmentPost = async () => ({
  v: 1,
  controllerNonce: 'nonce',
  rootKeys: [generateSigningKey().publicKey],
  proof: random32(),
});

describe('at its first contact a loudspeaker', { timeout: 60_000 }, () => {
  it('believes no controller without the code, stores nothing and proves nothing to it', async () => {
    const controller = await startController();
    const invitation = invitationOf(await enter(controller));
    const folder = tempDir('enrol');
    const provisioningFile = join(folder, 'provisioning.json');
    const post = listening(impostorController);
    const attempt = enrol({
      invitation,
      dataFolder: folder,
      provisioningFile,
      clock: new SystemClock(),
      post,
    });
    await expect(attempt).rejects.toMatchObject(UNPROVED);
    expect(post.heard.map(([step]) => step)).toEqual(['begin']);
    await expect(access(provisioningFile)).rejects.toMatchObject({ code: 'ENOENT' });
    // The code is as good as before.
    await exchangeCode(invitation, generateSigningKey(), controller.enrolmentPost);
  });

  it('believes nobody in between who changes a word of what the controller says', async () => {
    const controller = await startController();
    const invitation = invitationOf(await enter(controller));
    const between = (
      changeBegun: (begun: EnrolmentBegun) => object,
      changeFinished: (finished: EnrolmentFinished) => object = (finished) => finished,
    ): EnrolmentPost => {
      return async (step, body) => {
        const answer = await controller.enrolmentPost(step, body);
        return step === 'begin'
          ? changeBegun(answer as EnrolmentBegun)
          : changeFinished(answer as EnrolmentFinished);
      };
    };
    const same = (begun: EnrolmentBegun) => begun;
    const foreign = generateSigningKey().publicKey;
    const attacks = [
      between((begun) => ({ ...begun, rootKeys: [foreign] })),
      between((begun) => ({ ...begun, rootKeys: [...begun.rootKeys, foreign] })),
      between((begun) => ({ ...begun, ca: '-----BEGIN CERTIFICATE-----' })),
      between((begun) => ({ ...begun, controllerNonce: 'another' })),
      between(same, (finished) => ({ ...finished, sealed: `A${finished.sealed.slice(1)}` })),
      between(same, (finished) => ({ ...finished, controllerExchangeKey: random32() })),
      between(same, (finished) => ({ ...finished, proof: random32() })),
    ];
    const key = generateSigningKey();
    for (const post of attacks)
      await expect(exchangeCode(invitation, key, post)).rejects.toMatchObject(UNPROVED);
    // All of that was tried with one key, which has not connected: it may go on.
    await exchangeCode(invitation, key, controller.enrolmentPost);
  });
});

describe('the controller', { timeout: 60_000 }, () => {
  it('enrols nobody in between, who has put another key or exchange in the loudspeaker’s place', async () => {
    const controller = await startController();
    const invitation = invitationOf(await enter(controller));
    const mine = { speakerPublicKey: generateSigningKey().publicKey };
    const attacks: EnrolmentPost[] = [
      (step, body) => controller.enrolmentPost(step, { ...body, ...mine }),
      (step, body) =>
        controller.enrolmentPost(step, step === 'begin' ? body : { ...body, speakerExchangeKey: random32() }),
      (step, body) => controller.enrolmentPost(step, step === 'begin' ? body : { ...body, ...mine }),
    ];
    const key = generateSigningKey();
    const codes: unknown[] = [];
    for (const post of attacks)
      await exchangeCode(invitation, key, post).catch((error) =>
        codes.push((error as { code: string }).code),
      );
    expect(codes).toEqual(['enrolment.unproved', 'enrolment.refused', 'enrolment.refused']);
    expect((await controller.context.storage.read.speakers.get(SPEAKER))?.keyId).toBeNull();
  });

  it('enrols no key that the loudspeaker does not hold, even with the right code', async () => {
    const controller = await startController();
    const invitation = invitationOf(await enter(controller));
    const [claimed, held] = [generateSigningKey(), generateSigningKey()];
    const borrowed = { ...claimed, privateKey: held.privateKey };
    await expect(exchangeCode(invitation, borrowed, controller.enrolmentPost)).rejects.toMatchObject({
      code: 'enrolment.refused',
    });
  });

  it('takes no exchange key with which everybody would know the secret', async () => {
    const controller = await startController();
    const { speakerId, code } = invitationOf(await enter(controller));
    const key = generateSigningKey();
    const own = { speakerId, speakerPublicKey: key.publicKey, speakerNonce: random32() };
    const begun = (await controller.enrolmentPost('begin', { v: 1, ...own })) as EnrolmentBegun;
    const { rootKeys, controllerNonce } = begun;
    const exchange: EnrolmentExchange = { ...own, rootKeys, ca: null, controllerNonce };
    const speakerExchangeKey = Buffer.alloc(32).toString('base64url');
    const said = transcript('speaker', exchange, speakerExchangeKey);
    const finish = controller.enrolmentPost('finish', {
      ...{ v: 1, ...own, controllerNonce, speakerExchangeKey },
      proof: prove(enrolmentKey(code, speakerId), said),
      signature: sign(undefined, said, key.privateKey).toString('base64url'),
    });
    await expect(finish).rejects.toMatchObject({ code: 'enrolment.refused' });
  });

  it('gives nothing to who says again what was said', async () => {
    const controller = await startController();
    const invitation = invitationOf(await enter(controller));
    const post = listening(controller.enrolmentPost);
    const key = generateSigningKey();
    const { secret } = await exchangeCode(invitation, key, post);
    const [, recorded] = post.heard[1] ?? [];
    const replay = async () => {
      const body = recorded as object;
      const answer = await controller.call<Problem>('nobody', 'POST', 'enrolments/finish', {
        body,
        key: null,
      });
      return answer.body.error.code;
    };
    expect(await replay()).toBe('enrolment.begin_again');
    // What the loudspeaker has is still good.
    const enrolled = { id: SPEAKER, secret, key };
    expect(await audioStatus(controller, enrolled)).toBe(404);
    await connect(controller, enrolled);
    expect(await replay()).toBe('enrolment.refused');
    expect(await audioStatus(controller, enrolled)).toBe(404);
  });
});

import { verify } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SystemClock } from '#kit';
import {
  batchStatement,
  type EnrolmentCode,
  generateSigningKey,
  type JournalBatch,
  type SpeakerView,
  verifyingKey,
} from '#protocols';
import { enrol } from '../../../device-agent/enrol/enrol.ts';
import { type EnrolmentPost, exchangeCode } from '../../../device-agent/enrol/exchange.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { audioStatus, closed, connect, enter, invitationOf, SPEAKER } from './enrolment-support.ts';
import { type Problem, startController, type TestController } from './support.ts';

const PATH = `speakers/${SPEAKER}`;
const REASON = { reason: 'bị lấy cắp' };

/** What a loudspeaker is answered that asks for audio which is not there: it was let in, or not. */
const LET_IN = 404;
const REFUSED = 401;

const viewOf = async (controller: TestController) => (await controller.get<SpeakerView>('viewer', PATH)).body;

describe('an enrolment that is cut off', { timeout: 60_000 }, () => {
  it('after the controller’s answer was lost, is done again with the same key and the same code', async () => {
    const controller = await startController();
    const invitation = invitationOf(await enter(controller));
    const key = generateSigningKey();
    let lost = '';
    const losing: EnrolmentPost = async (step, body) => {
      const answer = await controller.enrolmentPost(step, body);
      if (step === 'begin') return answer;
      lost = (await controller.context.storage.read.speakers.get(SPEAKER))?.secretHash ?? '';
      throw new Error('the line broke');
    };
    await expect(exchangeCode(invitation, key, losing)).rejects.toThrow('the line broke');
    expect(lost).not.toBe('');
    // Whoever else has seen the sheet comes too late.
    await expect(
      exchangeCode(invitation, generateSigningKey(), controller.enrolmentPost),
    ).rejects.toMatchObject({ code: 'enrolment.unproved' });
    // The loudspeaker was started anew, and so was the controller.
    await controller.stop();
    await controller.start();
    const { secret } = await exchangeCode(invitation, key, controller.enrolmentPost);
    await connect(controller, { id: SPEAKER, secret, key });
    // It is known to have arrived: now the code is over for this key too.
    await expect(exchangeCode(invitation, key, controller.enrolmentPost)).rejects.toMatchObject({
      code: 'enrolment.unproved',
    });
  });

  it('before the file was written, leaves a key that is used again', async () => {
    const controller = await startController();
    const invitation = invitationOf(await enter(controller));
    const folder = tempDir('enrol');
    const options = { invitation, dataFolder: folder, clock: new SystemClock() };
    const provisioningFile = join(folder, 'provisioning.json');
    const abort = new AbortController();
    const first = enrol({
      ...{ ...options, provisioningFile, signal: abort.signal },
      post: async (step, body) => {
        const answer = await controller.enrolmentPost(step, body);
        if (step === 'finish') abort.abort(new Error('power cut'));
        abort.signal.throwIfAborted();
        return answer;
      },
    });
    await expect(first).rejects.toThrow('power cut');
    await expect(access(provisioningFile)).rejects.toMatchObject({ code: 'ENOENT' });
    const pem = await readFile(join(folder, 'identity.pem'), 'utf8');
    const { secret } = await enrol({ ...options, provisioningFile, post: controller.enrolmentPost });
    expect(await readFile(join(folder, 'identity.pem'), 'utf8')).toBe(pem);
    expect(await audioStatus(controller, { id: SPEAKER, secret })).toBe(LET_IN);
  });

  it('by a restart of the controller between its two steps, goes on by itself', async () => {
    const controller = await startController();
    const invitation = invitationOf(await enter(controller));
    const folder = tempDir('enrol');
    const steps: string[] = [];
    const { secret } = await enrol({
      ...{
        invitation,
        dataFolder: folder,
        provisioningFile: join(folder, 'p.json'),
        clock: new SystemClock(),
      },
      post: async (step, body) => {
        steps.push(step);
        if (steps.length === 2) {
          await controller.stop();
          await controller.start();
        }
        return controller.enrolmentPost(step, body);
      },
    });
    expect(steps).toEqual(['begin', 'finish', 'begin', 'finish']);
    expect(await audioStatus(controller, { id: SPEAKER, secret })).toBe(LET_IN);
  });

  it('of another loudspeaker’s machine is refused before anything is asked', async () => {
    const controller = await startController();
    const folder = tempDir('enrol');
    const [one, two] = [await enter(controller), await enter(controller, 'loa-2')];
    const options = {
      dataFolder: folder,
      provisioningFile: join(folder, 'p.json'),
      clock: new SystemClock(),
    };
    const post = controller.enrolmentPost;
    await enrol({ ...options, invitation: invitationOf(one), post });
    await expect(enrol({ ...options, invitation: invitationOf(two), post })).rejects.toThrow(
      '"loa-1" already',
    );
  });
});

describe('a replaced board', { timeout: 60_000 }, () => {
  it('takes the place of the old one at once, which stays readable in the journal', async () => {
    const controller = await startController();
    const old = await controller.speaker(SPEAKER, 'ap-1');
    const before = await connect(controller, old, { sessionEpoch: 1_700_000_000_000 });
    before.write({ kind: 'boot' });
    await before.send('journal', before.batch());
    await before.ack();

    const { body: sheet } = await controller.post<EnrolmentCode>('technician', `${PATH}/enrolment`, {});
    // A code that nobody has used disturbs nobody.
    expect(await audioStatus(controller, old)).toBe(LET_IN);
    const cut = closed(before);
    const key = generateSigningKey();
    const board = await exchangeCode(invitationOf(sheet), key, controller.enrolmentPost);
    await cut;
    expect(await audioStatus(controller, old)).toBe(REFUSED);
    await expect(connect(controller, old, { greet: false })).rejects.toThrow();
    // The clock of the new one begins in 1970: its connections are counted on from the old one's.
    expect(board.sessionEpoch).toBe(1_700_000_000_000);
    const after = await connect(
      controller,
      { id: SPEAKER, secret: board.secret, key },
      { sessionEpoch: (board.sessionEpoch ?? 0) + 1, epoch: 'jnl-2' },
    );
    // The old one's last will, once more and late.
    await after.send('presence', { v: 1, sessionEpoch: 1_700_000_000_000, online: false });
    after.write({ kind: 'boot' });
    await after.send('journal', after.batch());
    expect(await after.ack()).toMatchObject({ epoch: 'jnl-2', seq: 1 });
    expect((await viewOf(controller)).keyId).toBe(key.kid);
    const { presence } = controller.context.speakerSide;
    expect(presence.statusOf(SPEAKER)).toMatchObject({ link: 'online', condition: 'ok' });

    for (const [epoch, signer] of [
      ['jnl-1', old.key],
      ['jnl-2', key],
    ] as const) {
      const { body } = await controller.get<{
        keys: Record<string, string>;
        batches: (JournalBatch & { headSeq: number; headHash: string })[];
      }>('viewer', `${PATH}/journal?epoch=${epoch}`);
      const [batch] = body.batches;
      if (batch === undefined) throw new Error(`nothing of ${epoch}`);
      expect(batch.keyId).toBe(signer.kid);
      const statement = batchStatement(SPEAKER, epoch, { seq: batch.headSeq, hash: batch.headHash });
      const publicKey = verifyingKey(body.keys[batch.keyId] ?? '');
      expect(verify(undefined, statement, publicKey, Buffer.from(batch.signature, 'base64url'))).toBe(true);
    }
    const entries = await controller.context.storage.read.audit.list(1, 1000);
    expect(
      JSON.parse(entries.filter(({ action }) => action === 'speaker.enrol').at(-1)?.detail ?? ''),
    ).toEqual({
      ...{ enrolmentId: expect.any(String), keyId: key.kid, previousKeyId: old.key.kid },
    });
  });

  it('that has the secret and another key is not greeted, moves nothing, and is flagged', async () => {
    const controller = await startController();
    const enrolled = await controller.speaker(SPEAKER, 'ap-1');
    (await connect(controller, enrolled)).cut();
    const thief = await connect(
      controller,
      { ...enrolled, key: generateSigningKey() },
      { greet: false, sessionEpoch: 9_000_000_000_000 },
    );
    const cut = closed(thief);
    await thief.send('hello', thief.hello());
    await cut;
    expect(thief.received).toEqual([]);
    const entries = await controller.context.storage.read.audit.list(1, 1000);
    expect(entries.map(({ action }) => action)).toContain('speaker.strange_key');
    expect((await viewOf(controller)).keyId).toBe(enrolled.key.kid);
    // Its last will has a number of its own choosing: the loudspeaker's next connection counts all the same.
    const back = await connect(controller, enrolled, { sessionEpoch: 2 });
    expect(controller.context.speakerSide.presence.statusOf(SPEAKER)).toMatchObject({
      ...{ condition: 'degraded', link: 'online', sessionEpoch: 2 },
    });
    back.cut();
  });
});

describe('a loudspeaker that is taken out of use', { timeout: 60_000 }, () => {
  it.each([
    ['block', 'blocked'],
    ['retire', 'retired'],
  ] as const)('by %s is cut off at once, and stays so', async (verb, lifecycle) => {
    const controller = await startController();
    const enrolled = await controller.speaker(SPEAKER, 'ap-1');
    const speaker = await connect(controller, enrolled);
    const { body: sheet } = await controller.post<EnrolmentCode>('technician', `${PATH}/enrolment`, {});
    const cut = closed(speaker);
    expect((await controller.post('technician', `${PATH}/${verb}`, REASON)).status).toBe(200);
    await cut;
    const isOut = async () => {
      await expect(connect(controller, enrolled, { sessionEpoch: 2 })).rejects.toThrow();
      expect(await audioStatus(controller, enrolled)).toBe(REFUSED);
      expect((await viewOf(controller)).lifecycle).toBe(lifecycle);
      // Neither with the code that was made before, nor with a new one.
      await expect(controller.enrol(sheet.uri)).rejects.toMatchObject({ code: 'enrolment.unproved' });
      const again = await controller.post<Problem>('technician', `${PATH}/enrolment`, {});
      expect(again.body.error.code).toBe('request.conflict');
    };
    await isOut();
    await controller.stop();
    await controller.start();
    await isOut();
    const back = await controller.post<Problem>('technician', `${PATH}/unblock`, REASON);
    expect(back.status).toBe(verb === 'block' ? 200 : 409);
    expect(await audioStatus(controller, enrolled)).toBe(verb === 'block' ? LET_IN : REFUSED);
  });
});

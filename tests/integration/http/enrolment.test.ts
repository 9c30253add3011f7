import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SystemClock } from '#kit';
import {
  type EnrolmentCode,
  type EnrolmentView,
  generateSigningKey,
  importSigningKey,
  type SpeakerView,
  sha256,
} from '#protocols';
import { enrol } from '../../../device-agent/enrol/enrol.ts';
import { exchangeCode } from '../../../device-agent/enrol/exchange.ts';
import { httpPost } from '../../../device-agent/enrol/http-post.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import {
  addressOf,
  audioStatus,
  connect,
  enter,
  impostorFinish,
  invitationOf,
  listening,
  SPEAKER,
} from './enrolment-support.ts';
import { type Problem, startController, type TestController } from './support.ts';

const PATH = `speakers/${SPEAKER}/enrolment`;

async function stateOf(controller: TestController): Promise<EnrolmentView | null> {
  return (await controller.get<{ enrolment: EnrolmentView | null }>('viewer', PATH)).body.enrolment;
}

async function audited(controller: TestController): Promise<string[]> {
  const entries = await controller.context.storage.read.audit.list(1, 1000);
  return entries.filter(({ subject }) => subject === SPEAKER).map(({ action }) => action);
}

class ShiftedClock extends SystemClock {
  aheadMs = 0;
  override now(): number {
    return super.now() + this.aheadMs;
  }
}

describe('a loudspeaker', { timeout: 60_000 }, () => {
  it('enrols over HTTP with its code, and connects with what it made and what it got', async () => {
    const controller = await startController();
    const sheet = await enter(controller);
    expect(sheet.code).toMatch(/^([0-9A-Z]{4}-){4}[0-9A-Z]{4}$/);
    expect(sheet.qrSvg).toMatch(/^<svg .*<\/svg>\s*$/s);
    expect(await stateOf(controller)).toMatchObject({
      state: 'pending',
      createdBy: 'technician',
      usedAt: null,
    });
    const entered = await controller.get<SpeakerView>('viewer', `speakers/${SPEAKER}`);
    expect(entered.body).toMatchObject({ lifecycle: 'enrolled', keyId: null });

    const invitation = { ...invitationOf(sheet), url: `http://${await addressOf(controller)}` };
    expect(invitationOf(sheet).url).toBe('http://controller.test:8080');
    const folder = tempDir('enrol');
    const provisioningFile = join(folder, 'etc', 'provisioning.json');
    const post = listening(httpPost(invitation.url, new AbortController().signal));
    const done = await enrol({
      ...{ invitation, dataFolder: join(folder, 'data'), provisioningFile, clock: new SystemClock(), post },
    });
    expect(JSON.parse(await readFile(provisioningFile, 'utf8'))).toEqual(done);
    expect((await stat(provisioningFile)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'data', 'identity.pem'))).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, 'etc'))).toEqual(['provisioning.json']);
    expect(done).toMatchObject({ v: 1, speakerId: SPEAKER, url: invitation.url, sessionEpoch: 0 });
    expect(done).not.toHaveProperty('ca');
    // It believes no key statement of before.
    const answer = await fetch(`${invitation.url}/api/v1/keys/statements?after=0`);
    const { statements } = (await answer.json()) as { statements: string[] };
    expect(done.statement).toEqual({ n: statements.length, sha256: sha256(statements.at(-1) ?? '') });

    const key = importSigningKey(await readFile(join(folder, 'data', 'identity.pem'), 'utf8'));
    expect(await stateOf(controller)).toMatchObject({ state: 'used', acknowledgedAt: null });
    const speaker = await connect(controller, { id: SPEAKER, secret: done.secret, key });
    expect((await speaker.assignment()).value.speakerId).toBe(SPEAKER);
    expect((await stateOf(controller))?.acknowledgedAt).toEqual(expect.any(Number));
    const active = await controller.get<SpeakerView>('viewer', `speakers/${SPEAKER}`);
    expect(active.body).toMatchObject({ lifecycle: 'active', keyId: key.kid });
    expect(await audited(controller)).toEqual(['speaker.create', 'speaker.code', 'speaker.enrol']);

    // What was said on the way and what was written down: neither code nor secret nor private key.
    const { code } = invitation;
    const wire = JSON.stringify(post.heard);
    const log = JSON.stringify(await controller.context.storage.read.audit.list(1, 1000));
    const data = join(controller.folder, 'data');
    const files = (await readdir(data)).filter((name) => name.startsWith('loa.db'));
    const database = (await Promise.all(files.map((name) => readFile(join(data, name), 'latin1')))).join('');
    expect(database).toContain(key.publicKey);
    for (const text of [wire, log, database])
      for (const secret of [code, sheet.code, done.secret, sheet.uri]) expect(text).not.toContain(secret);
  });

  it('is not enrolled with a code that is wrong, expired, void, or another’s, and all of it sounds the same', async () => {
    const clock = new ShiftedClock();
    const controller = await startController({ clock });
    const [sheet, other] = [await enter(controller), await enter(controller, 'loa-2')];
    const [mine, theirs] = [invitationOf(sheet), invitationOf(other)];
    const key = generateSigningKey();
    const unproved = async (invitation = mine) =>
      expect(exchangeCode(invitation, key, controller.enrolmentPost)).rejects.toMatchObject({
        code: 'enrolment.unproved',
      });
    const refusal = async (speakerId: string) => {
      const { status, code, message } = await impostorFinish(controller, key, { speakerId });
      return [status, code, message.replaceAll(speakerId, '…')];
    };
    await unproved({ ...mine, code: theirs.code });
    await unproved({ ...mine, speakerId: 'loa-nobody' });
    const known = await refusal(SPEAKER);
    expect(known.slice(0, 2)).toEqual([403, 'enrolment.refused']);
    expect(await refusal('loa-nobody')).toEqual(known);

    const withdrawn = await controller.call<EnrolmentView>('technician', 'DELETE', PATH);
    expect(withdrawn.body).toMatchObject({ state: 'void', voidReason: 'withdrawn' });
    await unproved();
    expect(await refusal(SPEAKER)).toEqual(known);
    const twice = await controller.call<Problem>('technician', 'DELETE', PATH);
    expect(twice.body.error.code).toBe('request.conflict');

    const first = await controller.post<EnrolmentCode>('technician', PATH, { validHours: 1 });
    const second = await controller.post<EnrolmentCode>('administrator', PATH, { validHours: 2 });
    expect([first.status, second.status]).toEqual([201, 201]);
    await unproved(invitationOf(first.body));
    clock.aheadMs = 3_600_001;
    await unproved(theirs);
    clock.aheadMs = 7_200_001;
    await unproved(invitationOf(second.body));
    expect(await stateOf(controller)).toMatchObject({ state: 'expired' });
    expect(await refusal(SPEAKER)).toEqual(known);
    await controller.context.services.enrolments.begin({
      ...{ v: 1, speakerId: SPEAKER, speakerPublicKey: key.publicKey, speakerNonce: 'n'.repeat(43) },
    });
    expect((await controller.get<SpeakerView>('viewer', `speakers/${SPEAKER}`)).body.keyId).toBeNull();
    // Before its enrolment there is no secret that would open anything.
    for (const secret of ['', '\0'.repeat(32)])
      expect(await audioStatus(controller, { id: SPEAKER, secret })).toBe(401);
  });

  it('is asked for 1 hour to 30 days, by who may provision it', async () => {
    const controller = await startController();
    await enter(controller);
    for (const validHours of [0, 721, 1.5])
      expect((await controller.post('technician', PATH, { validHours })).status).toBe(400);
    const before = controller.context.services.clock.now();
    const { body } = await controller.post<EnrolmentCode>('technician', PATH, {});
    expect(body.expiresAt - before).toBeGreaterThanOrEqual(72 * 3_600_000 - 1);
    expect(body.expiresAt - before).toBeLessThan(72 * 3_600_000 + 60_000);
    expect((await controller.post('editor', PATH, {})).status).toBe(403);
  });
});

describe('wrong codes', { timeout: 60_000 }, () => {
  it('end no code, and are told at the tenth, once, wherever they come from', async () => {
    const controller = await startController();
    const sheet = await enter(controller);
    const key = generateSigningKey();
    for (let i = 1; i <= 9; i++) await impostorFinish(controller, key, { speakerId: SPEAKER });
    expect(await stateOf(controller)).toMatchObject({ state: 'pending', wrongTries: 9 });
    expect(await audited(controller)).not.toContain('speaker.code_guessed');
    for (let i = 10; i <= 12; i++) await impostorFinish(controller, key, { speakerId: SPEAKER });
    expect(await stateOf(controller)).toMatchObject({ state: 'pending', wrongTries: 12 });
    const told = (await audited(controller)).filter((action) => action === 'speaker.code_guessed');
    expect(told).toHaveLength(1);
    await controller.enrol(sheet.uri);
    expect(await stateOf(controller)).toMatchObject({ state: 'used' });
  });

  it('keep their address waiting after thirty, and leave the others alone', async () => {
    const controller = await startController();
    const key = generateSigningKey();
    for (let i = 0; i < 30; i++)
      expect(await impostorFinish(controller, key, { speakerId: `loa-${i}` })).toMatchObject({ status: 403 });
    expect(await impostorFinish(controller, key, { speakerId: SPEAKER })).toMatchObject({
      ...{ status: 429, code: 'enrolment.too_many_tries' },
    });
    const sheet = await enter(controller);
    await expect(controller.enrol(sheet.uri)).rejects.toMatchObject({ code: 'enrolment.too_many_tries' });
    // From another address it goes on.
    const answer = await exchangeCode(invitationOf(sheet), key, async (step, payload) => {
      const response = await controller.app.inject({
        ...{ method: 'POST', url: `/api/v1/enrolments/${step}`, payload, remoteAddress: '10.9.8.7' },
      });
      return response.json() as unknown;
    });
    expect(answer.speakerId).toBe(SPEAKER);
  });
});

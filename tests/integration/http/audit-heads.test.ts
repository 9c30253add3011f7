import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AUDIT_GENESIS, type AuditEntryView, type AuditHeadView, auditHash, grouped } from '#protocols';
import { freePort } from '../../../server/demo/free-port.ts';
import { readHead, verifyAudit } from '../../../server/verify/verify-audit.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { inRepo } from '../../helpers/repo-root.ts';
import { SmtpServer } from '../../helpers/smtp.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';
import { COMMUNE, type Problem, startControllerForFile, type TestController } from './support.ts';

interface Heads {
  readonly heads: AuditHeadView[];
  readonly outside: { name: string; sent: number; failedAt: number | null; error: string | null }[];
}

interface Export {
  readonly format: string;
  readonly statements: string[];
  readonly entries: AuditEntryView[];
}

describe('heads of the audit log', { timeout: 60_000 }, () => {
  const clock = new FakeClock();
  const smtp = new SmtpServer();
  let folder: string;
  let smtpPort: number;
  let controller: TestController;

  beforeAll(async () => {
    folder = join(tempDir('heads'), 'share');
    smtpPort = await freePort();
    controller = await startControllerForFile(
      // Time passes while nothing runs, as in a box that is off: no step of its clock.
      { clock, boot: { bootId: null, elapsed: () => clock.now() } },
      {
        LOA_AUDIT_HEADS_FOLDER: folder,
        LOA_AUDIT_HEADS_MAIL: 'chu-tich@xa.test, luu-tru@huyen.test',
        LOA_SMTP_URL: `smtp://127.0.0.1:${smtpPort}`,
        LOA_MAIL_FROM: 'loa@xa.test',
      },
    );
  }, 60_000);
  afterAll(async () => {
    await controller.stop();
    await smtp.stop();
  });

  const list = async () => (await controller.get<Heads>('auditor', 'audit/heads')).body;
  const outside = async (name: string) => (await list()).outside.find((place) => place.name === name);
  const exported = async () =>
    (
      await controller.app.inject({
        url: '/api/v1/audit/export?format=json',
        headers: controller.credentials('auditor'),
      })
    ).body;

  it('are signed once a day, when the day of the commune is over, also after days without power', async () => {
    const { auditHeads } = controller.context.services;
    // Monday 05:00 there: of Sunday.
    await auditHeads.closeDay();
    await auditHeads.closeDay();
    clock.jump(18 * 3_600_000);
    await auditHeads.closeDay();
    expect((await list()).heads.map(({ n, day, whole }) => [n, day, whole])).toEqual([
      [1, '2026-01-04', true],
    ]);
    clock.jump(3_600_000);
    await auditHeads.closeDay();
    clock.jump(5 * 24 * 3_600_000);
    await auditHeads.closeDay();
    const { heads } = await list();
    expect(heads.map(({ day }) => day)).toEqual(['2026-01-10', '2026-01-05', '2026-01-04']);
    const [newest] = await controller.context.storage.read.audit.find({}, { order: 'newest', limit: 1 });
    expect(heads[0]).toMatchObject({ seq: newest?.seq, hash: newest?.hash, count: 0 });
  });

  it('are given to whoever may read the whole log, now too, and printed with the hash in groups', async () => {
    const made = await controller.post<AuditHeadView>('auditor', 'audit/heads', {});
    expect(made).toMatchObject({ status: 201, body: { n: 4, day: '2026-01-11', whole: false } });
    const { n, seq, hash } = made.body;
    // It was asked for, and that is in the log.
    const [entry] = await controller.context.storage.read.audit.find({}, { order: 'newest', limit: 1 });
    expect(entry).toMatchObject({ action: 'audit.head', subject: String(n), actor: 'auditor', seq: seq + 1 });
    for (const [method, path] of [
      ['GET', 'audit/heads'],
      ['GET', `audit/heads/${n}/sheet`],
      ['POST', 'audit/heads'],
    ] as const)
      expect((await controller.call<Problem>('other auditor', method, path, { body: {} })).status).toBe(403);
    const sheet = async (format: string) =>
      controller.app.inject({
        url: `/api/v1/audit/heads/${n}/sheet?format=${format}`,
        headers: controller.credentials('auditor'),
      });
    const page = await sheet('html');
    expect(page.headers['content-type']).toContain('text/html');
    // Its style is shown, and nothing runs in it.
    const style = createHash('sha256')
      .update(/<style>([\s\S]*?)<\/style>/.exec(page.body)?.[1] ?? '')
      .digest('base64');
    expect(page.headers['content-security-policy']).toContain(
      `default-src 'none'; style-src 'sha256-${style}'`,
    );
    for (const line of grouped(hash)) expect(page.body).toContain(line);
    expect(page.body).toContain('xã Tân An');
    const text = (await sheet('text')).body;
    expect(readHead(text)).toEqual({ document: made.body.document });
    expect(readHead(`${seq}: ${grouped(hash).join(' ').toUpperCase()}`)).toEqual({ seq, hash });
    expect(readHead('nothing of the kind')).toBeUndefined();
  });

  it('are taken outside, in order, each once; what could not be is not left out', async () => {
    // Neither is there yet.
    await until('both to have failed', async () =>
      (await list()).outside.every(({ error, sent }) => error !== null && sent === 0),
    );
    const { readiness } = controller.context.services;
    const warning = async () => (await readiness.report()).checks['audit heads'];
    expect(await warning()).toEqual({
      ok: true,
      detail: 'NOT TAKEN OUTSIDE: the newest did not get to folder and mail; see the log',
    });
    mkdirSync(folder);
    await smtp.start(smtpPort);
    await controller.post('auditor', 'audit/heads', {});
    await until('both to have all', async () => (await list()).outside.every(({ sent }) => sent === 5));
    expect(await outside('mail')).toEqual({ name: 'mail', sent: 5, failedAt: null, error: null });
    expect(await warning()).toMatchObject({ ok: true, detail: 'taken outside, or nowhere to take them' });
    expect((await readdir(folder)).sort().map((name) => name.replace(/-[0-9a-f]{8}\.txt$/, ''))).toEqual(
      ['04', '05', '10', '11', '11'].map(
        (day, at) => `loa-lang-audit-${COMMUNE}-00000${at + 1}-2026-01-${day}`,
      ),
    );
    expect(smtp.mails).toHaveLength(5);
    expect(smtp.mails[0]).toMatchObject({
      from: 'loa@xa.test',
      to: ['chu-tich@xa.test', 'luu-tru@huyen.test'],
    });
    await controller.post('auditor', 'audit/heads', {});
    await until('the next', async () => smtp.mails.length === 6);
  });

  it('show offline which entry was changed, also where the whole chain was made anew', async () => {
    const text = await exported();
    const { entries, ...rest } = JSON.parse(text) as Export;
    const { heads } = await list();
    const files = await Promise.all(
      (await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')),
    );
    const kept = files.map((file) => readHead(file)).filter((head) => head !== undefined);
    expect(kept.length).toBeGreaterThanOrEqual(5);
    const honest = await verifyAudit(text, kept);
    expect(honest).toMatchObject({ holds: true, broken: [], fromGenesis: true, range: [1, entries.length] });
    expect(honest.fitting).toHaveLength(kept.length);
    expect(await verifyAudit(text, kept, honest.roots)).toMatchObject({ holds: true });

    const write = (changed: AuditEntryView[]) => JSON.stringify({ ...rest, entries: changed });
    const forged = entries.map((entry) => (entry.seq === 2 ? { ...entry, actor: 'ai khác' } : entry));
    expect((await verifyAudit(write(forged), [])).broken[0]).toMatch(/^dòng 2: nội dung/);
    expect((await verifyAudit(write(entries.filter(({ seq }) => seq !== 3)), [])).broken[0]).toMatch(
      /^dòng 3: thiếu/,
    );
    // Whoever can write to the database makes all hashes fit again. Without a head from outside nobody would see it.
    let previousHash = AUDIT_GENESIS;
    const anew = forged.map((entry) => {
      const hash = auditHash({ ...entry, previousHash });
      const chained = { ...entry, previousHash, hash };
      previousHash = hash;
      return chained;
    });
    expect(await verifyAudit(write(anew), [])).toMatchObject({ holds: true });
    const caught = await verifyAudit(write(anew), kept);
    expect(caught.holds).toBe(false);
    expect(caught.broken).toHaveLength(kept.length);
    expect(caught.broken[0]).toContain('đã bị sửa');
    const { seq = 0, hash = '', document = '' } = heads[0] ?? {};
    expect(await verifyAudit(write(anew), [{ seq, hash }])).toMatchObject({ holds: false });
    const cut = await verifyAudit(write(entries.slice(0, seq - 1)), [{ document }]);
    expect(cut.broken[0]).toContain('tệp không có dòng này');
    // A head that nobody of ours has signed, and a log of another controller.
    const [header, , signature] = document.split('.');
    const other = Buffer.from(JSON.stringify({ v: 1, n: 1 })).toString('base64url');
    expect(await verifyAudit(text, [{ document: `${header}.${other}.${signature}` }])).toMatchObject({
      holds: false,
    });
    expect(await verifyAudit(text, kept, ['A'.repeat(43)])).toMatchObject({ holds: false });
  });

  it('are checked by one command', async () => {
    const file = join(tempDir('export'), 'audit.json');
    writeFileSync(file, await exported());
    const { seq = 0, hash = '' } = (await list()).heads[0] ?? {};
    const run = (...args: string[]) => {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [inRepo('dist/server/verify/main.js'), ...args],
        { encoding: 'utf8' },
      );
      return { status, said: stdout + stderr };
    };
    const good = run('--audit', file, '--head', `${seq}:${hash}`);
    expect(good.said).toContain('ĐÚNG');
    expect(good.status).toBe(0);
    const bad = run('--audit', file, '--head', `${seq}:${'0'.repeat(64)}`);
    expect([bad.status, bad.said.split('\n')[0]]).toEqual([1, expect.stringContaining(`dòng ${seq}`)]);
    expect(run('--audit', file, '--head', 'không phải').status).toBe(2);
    expect(run('--audit', inRepo('package.json')).status).toBe(2);
  });
});

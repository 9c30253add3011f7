import { openAsBlob } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BackupSheet, type BackupState, type RestoreState, SETUP_SECRET_HEADER } from '#protocols';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';
import { ofEarlierVersion, relist, repacked, sheetKeyOf } from '../integration/backup/repack.ts';
import { backupOf, dataFolder } from '../integration/backup/support.ts';
import { Commune, logOf } from './support/commune.ts';
import { GateProxy } from './support/gate-proxy.ts';
import { Planning } from './support/planning.ts';
import { likeness, soundingRecordings } from './support/recordings.ts';

const SPEAKERS = ['loa-ap-1', 'loa-ap-2'] as const;

/** The address that loudspeakers know: whatever machine stands behind it. */
const line = new GateProxy(0);
let old: Commune;
let fresh: Commune | undefined;
beforeAll(async () => {
  await line.start();
  old = new Commune({ folder: tempDir('drill-old'), env: { LOA_PUBLIC_URL: line.url } });
  await old.start();
  line.retarget(old.controller.httpPort);
}, 60_000);
afterAll(async () => {
  await fresh?.stop();
  await old.stop();
  await line.stop();
});

/** One request of the first-run page. */
async function setup(
  commune: Commune,
  secret: string,
  act: { readonly form: FormData } | { readonly path: string; readonly body: object } | null = null,
): Promise<RestoreState> {
  const json = act !== null && 'path' in act;
  const answer = await fetch(`${commune.controller.url}/api/v1/setup/restore${json ? act.path : ''}`, {
    method: act === null ? 'GET' : 'POST',
    headers: { [SETUP_SECRET_HEADER]: secret, ...(json ? { 'content-type': 'application/json' } : {}) },
    ...(act === null ? {} : { body: json ? JSON.stringify(act.body) : act.form }),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return (await answer.json()) as RestoreState;
}

async function form(file: string, passphrase: string): Promise<{ readonly form: FormData }> {
  const data = new FormData();
  data.append('passphrase', passphrase);
  data.append('file', await openAsBlob(file), 'backup.tar');
  return { form: data };
}

/** Sends a file; resolves when the controller has opened it, or refused it. */
async function sent(
  commune: Commune,
  secret: string,
  file: string,
  passphrase: string,
): Promise<RestoreState> {
  await setup(commune, secret, await form(file, passphrase));
  return until('the file to be opened', async () => {
    const state = await setup(commune, secret);
    return (state.phase === 'failed' || state.phase === 'confirm') && state;
  });
}

it('a new machine takes the place of one that is gone, and a slot played in between is neither lost nor doubled', async () => {
  const admin = old.controller.as('administrator');
  const agents = await Promise.all(SPEAKERS.map((id) => old.addAgent(id, { url: line.url })));
  const planned = await old.prepare({ seconds: 2, seed: 71 });
  const now = await old.prepare({ seconds: 8, seed: 72 });
  const { passphrase, rootKey } = await admin.post<BackupSheet>('/backups/passphrase', {});
  const usb = join(old.folder, 'usb');
  await mkdir(usb);
  const { settings } = await admin.get<BackupState>('/backups');
  await put(old, { ...settings, destinations: [{ id: 'usb', name: 'Ổ USB', kind: 'folder', folder: usb }] });
  // The plan is on the loudspeakers; its time comes after the backup.
  const startsAt = Math.ceil((Date.now() + 30_000) / 1000) * 1000;
  const schedule = await new Planning(old).schedule(planned.announcementId, startsAt);

  // The backup is taken while something is on the air.
  const onAir = await old.play(now, SPEAKERS);
  await old.settled(onAir.id, SPEAKERS[0], ['playing']);
  await admin.post('/backups', {});
  const { last } = await until('the backup', async () => {
    const state = await admin.get<BackupState>('/backups');
    return state.running === null && state.last !== null && state;
  });
  expect(last).toMatchObject({ verified: true, missing: 0, sheet: 1 });
  expect(last?.at).toBeLessThan(startsAt);

  // The machine is gone, with everything on it.
  await old.controller.end('SIGKILL');
  await rm(old.controller.dataFolder, { recursive: true });
  expect(Date.now(), 'the slot comes after the loss').toBeLessThan(startsAt);
  await until(
    'both loudspeakers to have played on their own',
    async () => {
      const recorded = await Promise.all(agents.map(({ recordings }) => soundingRecordings(recordings)));
      return recorded.every((one) => one.length === 2);
    },
    60_000,
  );

  // Another one, on another folder and port, behind the same address.
  fresh = new Commune({
    ...{ folder: tempDir('drill-new'), env: { LOA_PUBLIC_URL: line.url } },
    ...{ policy: null, chairman: false },
  });
  await fresh.start();
  line.retarget(fresh.controller.httpPort);
  const secret = await until('the setup secret', async () => {
    const log = await logOf(fresh?.folder ?? '', 'controller');
    return /\/setup#(\S+)/.exec(log)?.[1];
  });
  const file = join(usb, last?.name ?? '');
  const typed = passphrase ?? '';
  // What somebody made who knows the public half of the sheet's key.
  const changed = await repacked(file, typed, (entries) => {
    entries.set('data/tokens.json', Buffer.from('[]'));
    relist(entries);
  });
  expect((await sent(fresh, secret, changed, typed)).error?.code).toBe('backup.forged');
  const stranger = await backupOf(await dataFolder(), await sheetKeyOf(file, typed));
  expect((await sent(fresh, secret, stranger.file, typed)).error?.code).toBe('backup.other_root');
  // As the version before made it: shown as what it is, and not put back by a word that does not say so.
  const unsigned = await sent(fresh, secret, await ofEarlierVersion(file, typed), typed);
  const root = unsigned.facts?.rootKeys[0]?.fingerprint ?? '';
  expect(unsigned.facts).toMatchObject({ signed: false, ofSheet: false });
  await expect(
    setup(fresh, secret, {
      path: '/confirm',
      body: { sha256: unsigned.facts?.sha256, rootKey: root, unsigned: false },
    }),
  ).rejects.toThrow('restore.unconfirmed');
  const wrong = await sent(fresh, secret, file, '0000-0000-0000-0000-0000-0000');
  expect(wrong.error?.code).toBe('backup.wrong_passphrase');
  // The file is here: nothing is sent again but the passphrase.
  await setup(fresh, secret, { path: '/passphrase', body: { passphrase: typed } });
  const { facts } = await until('the file to be opened', async () => {
    const state = await setup(fresh as Commune, secret);
    return state.phase === 'confirm' && state;
  });
  expect(facts).toMatchObject({
    signed: true,
    ofSheet: true,
    publicUrl: line.url,
    speakers: SPEAKERS.length,
  });
  expect(facts?.rootKeys[0]?.fingerprint).toBe(rootKey);
  await setup(fresh, secret, { path: '/confirm', body: { sha256: facts?.sha256, rootKey, unsigned: false } });
  // By themselves, from the address that they know; what refused them meanwhile makes them wait longer between two tries.
  for (const id of SPEAKERS)
    await until(
      `"${id}" to be online`,
      async () => (await fresh?.speaker(id))?.status?.link === 'online',
      120_000,
    );

  // Everything that sounded is accounted for, once.
  const slot = await new Planning(fresh).broadcastOf(schedule);
  for (const id of SPEAKERS) {
    for (const broadcast of [slot, onAir])
      expect(await fresh.settled(broadcast.id, id), `${broadcast.id} at ${id}`).toMatchObject({
        state: 'finished',
        played: true,
        flags: [],
        plays: [{ play: 1 }],
      });
  }
  for (const { recordings } of agents) {
    const sounds = await soundingRecordings(recordings);
    expect(sounds).toHaveLength(2);
    const alike = sounds.map((sound) => likeness(planned.samples, sound).pieces >= 0.95);
    expect(alike.filter(Boolean)).toHaveLength(1);
  }
  // It is their controller: its orders and its desired state count.
  const next = await fresh.play(planned, SPEAKERS);
  for (const id of SPEAKERS)
    expect(await fresh.settled(next.id, id)).toMatchObject({ state: 'finished', played: true });
  expect(await logOf(fresh.folder, 'controller')).toContain('TẮT HẲN');
}, 300_000);

/** Settings are replaced as a whole. */
async function put({ controller }: Commune, body: BackupState['settings']): Promise<void> {
  const answer = await fetch(`${controller.url}/api/v1/backups/settings`, {
    method: 'PUT',
    headers: {
      authorization: `Bearer ${controller.token('administrator')}`,
      'content-type': 'application/json',
      'idempotency-key': 'drill-settings',
    },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
}

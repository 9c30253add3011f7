import { X509Certificate } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { OwnCertificates } from '../../../server/tls/own-certificates.ts';
import { FAKE_START, FakeClock } from '../../helpers/fake-clock.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const DAY = 24 * 3_600_000;

async function own(folder: string, start = FAKE_START, names = ['loa.xa-tan-an.vn', '192.168.1.10', '::1']) {
  const clock = new FakeClock({ start });
  const errors: unknown[] = [];
  const list = [...names];
  const certificates = new OwnCertificates({
    folder,
    clock,
    names: () => list,
    onError: (error) => errors.push(error),
  });
  onTestFinished(() => certificates.stop());
  await certificates.start();
  /** The next look at the certificate, after so much time. */
  const look = async (afterMs = 0) => {
    await clock.advance(afterMs);
    await clock.whenPending('own certificate');
    await clock.advance(10 * 60_000);
    await clock.whenPending('own certificate');
  };
  const leaf = () => new X509Certificate(certificates.current?.cert ?? '');
  return { clock, certificates, leaf, look, errors, names: list };
}

it('makes an authority and a certificate below it, for every name, in files of the owner alone', async () => {
  const folder = join(tempDir('tls'), 'keys');
  const { certificates, leaf } = await own(folder);
  const authority = new X509Certificate(certificates.ca() ?? '');
  expect(authority.ca).toBe(true);
  expect(Date.parse(authority.validTo) - FAKE_START).toBe(20 * 365 * DAY);
  expect([leaf().ca, leaf().checkIssued(authority), leaf().verify(authority.publicKey)]).toEqual([
    false,
    true,
    true,
  ]);
  expect(leaf().publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' });
  expect(leaf().checkHost('loa.xa-tan-an.vn')).toBe('loa.xa-tan-an.vn');
  expect(leaf().checkIP('192.168.1.10')).toBe('192.168.1.10');
  expect(leaf().checkIP('::1')).toBe('::1');
  expect(leaf().checkHost('noi-khac.vn')).toBeUndefined();
  // Whole validity: what Apple's browsers take at most is 825 days.
  expect((Date.parse(leaf().validTo) - Date.parse(leaf().validFrom)) / DAY).toBeLessThan(825);
  const files = (await readdir(folder)).sort();
  expect(files).toEqual(['ca-key.pem', 'ca.pem', 'tls-key.pem', 'tls.pem']);
  for (const file of files) expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
});

it('keeps authority and certificate over a restart', async () => {
  const folder = tempDir('tls');
  const first = await own(folder);
  await first.certificates.stop();
  const second = await own(folder, FAKE_START + DAY);
  expect(second.certificates.ca()).toBe(first.certificates.ca());
  expect(second.certificates.current).toEqual(first.certificates.current);
});

it('renews the certificate by itself thirty days before its end, under the same authority', async () => {
  const { certificates, leaf, look } = await own(tempDir('tls'));
  const [before, authority] = [leaf(), certificates.ca()];
  const told: string[] = [];
  certificates.onChange(({ cert }) => told.push(cert));
  await look(59 * DAY);
  expect(told).toEqual([]);
  await look(DAY);
  expect(told).toHaveLength(1);
  expect(Date.parse(leaf().validTo)).toBeGreaterThan(Date.parse(before.validTo) + 59 * DAY);
  expect(leaf().serialNumber).not.toBe(before.serialNumber);
  expect(certificates.ca()).toBe(authority);
});

it('gets a certificate for the address that the machine has now', async () => {
  const { leaf, look, names } = await own(tempDir('tls'));
  names.push('10.0.0.7');
  expect(leaf().checkIP('10.0.0.7')).toBeUndefined();
  await look();
  expect(leaf().checkIP('10.0.0.7')).toBe('10.0.0.7');
});

it.each([
  ['1970', 0],
  ['2099', Date.UTC(2099, 0, 1)],
])('made while the clock showed %s, is good for when the clock is right', async (_year, wrong) => {
  const { certificates, leaf, clock, look } = await own(tempDir('tls'), wrong);
  const authority = certificates.ca();
  clock.jump(FAKE_START - clock.now());
  await look();
  expect(Date.parse(leaf().validFrom)).toBeLessThan(FAKE_START);
  expect(Date.parse(leaf().validTo)).toBeGreaterThan(FAKE_START);
  // The authority is pinned on loudspeakers: it must not need another.
  expect(certificates.ca()).toBe(authority);
  const { validFrom, validTo } = new X509Certificate(authority ?? '');
  expect(Date.parse(validTo)).toBeGreaterThan(FAKE_START + 15 * 365 * DAY);
  expect(Date.parse(validFrom)).toBeLessThan(FAKE_START);
});

it('makes no second authority where only the key of the first is missing', async () => {
  const folder = tempDir('tls');
  const first = await own(folder);
  await first.certificates.stop();
  await rm(join(folder, 'ca-key.pem'));
  // Nothing to issue yet: it works on.
  await own(folder);
  await expect(own(folder, FAKE_START + 80 * DAY)).rejects.toThrow('ca.pem is in the key folder without');
});

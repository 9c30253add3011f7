import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { FileCertificates } from '../../../server/tls/file-certificates.ts';
import { issueServer, makeAuthority } from '../../../server/tls/issue.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';

it('keeps what it has while the files do not fit, says so once, and takes them when they do', async () => {
  const folder = tempDir('tls');
  const clock = new FakeClock();
  const authority = await makeAuthority(clock.now());
  const [first, second] = [
    await issueServer(authority, ['a.test'], clock.now()),
    await issueServer(authority, ['b.test'], clock.now()),
  ];
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  await writeFile(keyFile, first.key);
  await writeFile(certFile, first.cert);
  const errors: unknown[] = [];
  const certificates = new FileCertificates({
    keyFile,
    certFile,
    clock,
    onError: (error) => errors.push(error),
  });
  onTestFinished(() => certificates.stop());
  await certificates.start();
  const changes: string[] = [];
  certificates.onChange(({ cert }) => changes.push(cert));
  // Half of the pair: as it is for a moment in every renewal, and for ever in a bad one.
  await writeFile(certFile, second.cert);
  for (let look = 0; look < 6; look++) {
    await clock.whenPending('certificate files');
    await clock.advance(10_000);
  }
  await clock.whenPending('certificate files');
  expect(errors).toHaveLength(1);
  expect([certificates.current, changes]).toEqual([first, []]);
  await writeFile(keyFile, second.key);
  await clock.advance(10_000);
  await until('the new pair', () => changes.length === 1);
  expect(certificates.current).toEqual(second);
});

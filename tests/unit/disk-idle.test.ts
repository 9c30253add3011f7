import { generateKeyPairSync, sign, subtle } from 'node:crypto';
import { expect, it } from 'vitest';
import { diskIdle } from '../helpers/disk-idle.ts';

it('waits for a job of cryptography, however long one takes, and is not held up by one that was done on the spot', async () => {
  sign(null, new Uint8Array(1), generateKeyPairSync('ed25519').privateKey);
  let done = false;
  const hashed = subtle.digest('SHA-512', new Uint8Array(64 * 1024 * 1024)).then(() => {
    done = true;
  });
  await diskIdle();
  expect(done).toBe(true);
  await hashed;
});

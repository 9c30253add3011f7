import { createHash, createPublicKey, verify } from 'node:crypto';
import type { EvidenceCrypto } from '#evidence';

/** Node's own cryptography. A key that is no point's encoding verifies nothing. */
export const nodeCrypto: EvidenceCrypto = {
  sha256: (bytes) => createHash('sha256').update(bytes).digest(),
  verify(publicKey, message, signature) {
    try {
      const x = Buffer.from(publicKey).toString('base64url');
      const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } });
      return verify(null, message, key, signature);
    } catch {
      return false;
    }
  },
};

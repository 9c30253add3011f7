import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { EvidenceCrypto } from '#evidence';

/** In plain JavaScript: browsers keep their own cryptography from some pages that are opened from a file, and older ones lack Ed25519. */
export const nobleCrypto: EvidenceCrypto = {
  sha256: (bytes) => sha256(bytes),
  verify(publicKey, message, signature) {
    try {
      // As RFC 8032 says and Node does; not the looser rule that blockchains agreed on.
      return ed25519.verify(signature, message, publicKey, { zip215: false });
    } catch {
      return false;
    }
  },
};

// What verifies an evidence file. It needs neither Node nor a browser's cryptography, so it is not part of the index of all protocols.
export { bytesOf, type EvidenceCrypto, hashOf, nameOfKey } from './crypto.ts';
export * from './evidence.ts';
export { type EvidenceVerdict, type ProvedDelivery, verifyEvidence } from './verify-evidence.ts';

export { DatabaseStorage } from './database-storage.ts';
export { StorageStartError, type StorageStartReason } from './errors.ts';
export { openStorage } from './open-storage.ts';
export type { StorageLog, StorageOptions } from './options.ts';
export { SEED_AREAS, SEED_HAMLETS, SEED_SPEAKERS, seedTanAn, TAN_AN } from './seed-data.ts';
export { auditHash } from './stores/audit-store.ts';
export type { StorageStores } from './stores/index.ts';

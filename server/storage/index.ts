export { DatabaseStorage } from './database-storage.ts';
export { StorageStartError } from './errors.ts';
export { openStorage } from './open-storage.ts';
export { SEED_AREAS, SEED_HAMLETS, seedTanAn, TAN_AN } from './seed-data.ts';

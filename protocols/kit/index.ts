export * from './address-group.ts';
export * from './atomic-file.ts';
export * from './backoff.ts';
export * from './clock.ts';
export * from './emitter.ts';
export * from './exclusive.ts';
export * from './lifecycle.ts';
export * from './write-together.ts';

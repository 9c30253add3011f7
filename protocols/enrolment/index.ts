export * from './code.ts';
export * from './proof.ts';
export * from './seal.ts';
export * from './uri.ts';

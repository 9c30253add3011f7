export * from './local-rules.ts';
export {
  instantOfLocal,
  localDayOf,
  nextLocalDay,
  type Offsets,
  offsetAt,
} from './local-time.ts';
export * from './policy.ts';
export * from './volume.ts';
export * from './windows.ts';

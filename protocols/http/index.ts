export * from './announcements.ts';
export * from './areas.ts';
export * from './broadcasts.ts';
export * from './common.ts';
export * from './media.ts';
export * from './speakers.ts';
export * from './system.ts';

export * from './alsa-output.ts';
export * from './create-output.ts';
export * from './file-output.ts';
export * from './null-output.ts';
export * from './output.ts';
export * from './pulse-output.ts';
export type { RecordingNote } from './wav-sink.ts';

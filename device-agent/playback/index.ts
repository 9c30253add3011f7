export { PlaybackEngine } from './engine.ts';
export { FfmpegDecoder } from './ffmpeg-decoder.ts';
export type { Decoder } from './pcm-source.ts';
export type { Play } from './play.ts';
export type { PlayLevels, PlayOutcome, PlayPosition, PlayRequest, PlayStarted } from './play-types.ts';
export { SilentDecoder } from './silent-decoder.ts';

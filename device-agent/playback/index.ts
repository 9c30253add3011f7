export { PlaybackEngine, type PlaybackEngineOptions } from './engine.ts';
export { FfmpegDecoder, type FfmpegDecoderOptions } from './ffmpeg-decoder.ts';
export type { Decoder, PcmSource, SourceRequest } from './pcm-source.ts';
export type { Play } from './play.ts';
export type {
  PlayEvents,
  PlayLevels,
  PlayOutcome,
  PlayPosition,
  PlayRequest,
  PlayStarted,
} from './play-types.ts';
export { SilentDecoder } from './silent-decoder.ts';

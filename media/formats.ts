/**
 * What is taken in. Demuxers not named here are never run on a file from outside, and no decoder not named here makes
 * sound of one: playlists and "concat" files could name other files, and every further parser is one more to attack.
 */

/** ffmpeg's demuxer names. */
export const DEMUXERS: readonly string[] = [
  'wav',
  'w64',
  'aiff',
  'caf',
  'mp3',
  'aac',
  'mov',
  'ogg',
  'matroska',
  'flac',
  'amr',
  'amrnb',
  'amrwb',
];

/** ffmpeg's decoder names; a decoder of the same codec that is not named here is not used. */
export const DECODERS: readonly string[] = [
  'pcm_u8',
  'pcm_s8',
  'pcm_s16le',
  'pcm_s16be',
  'pcm_s24le',
  'pcm_s24be',
  'pcm_s32le',
  'pcm_s32be',
  'pcm_f32le',
  'pcm_f32be',
  'pcm_f64le',
  'pcm_f64be',
  'pcm_alaw',
  'pcm_mulaw',
  'adpcm_ms',
  'adpcm_ima_wav',
  'gsm_ms',
  'mp3',
  'mp3float',
  'mp2',
  'mp2float',
  'aac',
  'alac',
  'opus',
  'libopus',
  'vorbis',
  'libvorbis',
  'flac',
  'amrnb',
  'amrwb',
  'libopencore_amrnb',
  'libopencore_amrwb',
];

/** Options of every run on a file from outside, before its `-i`. */
export const INPUT_GUARD: readonly string[] = [
  '-protocol_whitelist',
  'file,pipe',
  '-format_whitelist',
  DEMUXERS.join(','),
  '-max_alloc',
  String(512 * 1024 * 1024),
];

/**
 * Options of every decoding run on a file from outside. ffprobe cannot have them: it gives a file up whose pictures it may not
 * decode, and a cover in an mp3 is no reason to refuse it.
 */
export const DECODE_GUARD: readonly string[] = [...INPUT_GUARD, '-codec_whitelist', DECODERS.join(',')];

/** ffmpeg's name for a path. The prefix keeps a name like `-x` or `concat:…` a plain name. */
export function fileInput(path: string): string {
  return `file:${path}`;
}

/** The smallest absolute 16-bit sample that is full scale for a codec: coarse codecs do not reach 32767. */
export function fullScale(codec: string): number {
  switch (codec) {
    case 'pcm_u8':
    case 'pcm_s8':
      return 127 << 8;
    case 'pcm_mulaw':
      return 32_124;
    case 'pcm_alaw':
      return 32_256;
    default:
      // Two steps below the end: what was normalised to 0 dBFS touches it without being flattened there.
      return 32_766;
  }
}

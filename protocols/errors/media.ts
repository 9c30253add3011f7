import { errorTable } from './error.ts';

/** What can be wrong with audio that is brought in. */
export const mediaErrors = errorTable({
  'media.empty': {
    status: 422,
    message: 'The file is empty (0 bytes): expected audio. Choose the file again.',
  },
  'media.unrecognised': {
    status: 422,
    message:
      'The file is not audio in a known format ({reason}). Bring wav, mp3, m4a, aac, ogg, opus, webm, flac, amr or 3gp.',
  },
  'media.no_audio': {
    status: 422,
    message: 'The file ({format}) holds no sound track. Choose a file with sound in it.',
  },
  'media.truncated': {
    status: 422,
    message: 'The file ({format}) is cut off: {detail}. Copy or record it again, whole.',
  },
  'media.corrupt': {
    status: 422,
    message: 'The file ({format}) is damaged: {detail}. Copy or export it again.',
  },
  'media.silent': {
    status: 422,
    message:
      'The file holds only silence: its loudest passage is at {loudest} dBFS, expected at least {expected} dBFS. Check the microphone and record again.',
  },
  'media.clipped': {
    status: 422,
    message:
      'The recording is overdriven: {percent} % of it is at full scale, at most {limit} % is taken. Record again with a lower input level.',
  },
  'media.too_short': {
    status: 422,
    message:
      'The sound lasts {durationMs} ms without the silence around it; at least {limitMs} ms are expected.',
  },
  'media.too_long': {
    status: 422,
    message: 'The sound is longer than the {limitSeconds} s that are allowed. Cut it into parts.',
  },
  'media.too_large': {
    status: 413,
    message:
      'The file has {bytes} bytes; at most {limit} are taken. Send it compressed (mp3, m4a, opus), or cut it into parts.',
  },
  'media.unsupported_channels': {
    status: 422,
    message: 'The sound track has {channels} channels; 1 to {limit} are taken. Export it as mono or stereo.',
  },
  'media.unsupported_rate': {
    status: 422,
    message:
      'The sound track has {rate} samples a second; {lowest} to {highest} are taken. Export it at 48000.',
  },
  'media.format_changes': {
    status: 422,
    message: 'The sound track changes its sample rate or channels midway. Export it again in one format.',
  },
  'media.loudness_unreachable': {
    status: 422,
    message:
      'The sound cannot be brought to {targetLufs} LUFS at {limitDb} dBTP (reached: {lufs} LUFS, {truePeakDb} dBTP): its peaks stand too far above the rest. Record again, without knocks and clicks.',
  },
  'media.time_limit': {
    status: 422,
    message:
      'Preparing the file was stopped after {limitSeconds} s: it needs far more work than its size promises. Export it again, as mp3 or wav.',
  },
  'media.output_limit': {
    status: 422,
    message: 'Preparing the file was stopped: it grew past {limit} bytes. Cut it into parts.',
  },
  'media.cancelled': { status: 409, message: 'Preparing the file was cancelled.' },
  'media.decoder_missing': {
    status: 503,
    message:
      'No usable {program} was found ({reason}). Install it ("apt-get install ffmpeg") and start again.',
  },
  'media.decoder_failed': { status: 500, message: 'The {program} stopped while {stage}: {reason}.' },
  'media.disk_full': {
    status: 507,
    message: 'The disk is full: the audio could not be written. Free some space and try again.',
  },
  'media.queue_full': {
    status: 503,
    message: '{waiting} files are waiting to be prepared already. Try again when some are done.',
  },
  'media.not_stored': { status: 404, message: 'No audio "{sha256}" is in the store.' },
  'media.hash_mismatch': {
    status: 500,
    message:
      'The audio stored as "{sha256}" has hash "{actual}": the disk changed it. Restore it from a backup or bring it in again.',
  },
});

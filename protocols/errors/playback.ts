import { errorTable } from './error.ts';

/** What can go wrong between an accepted order and sound. Reported in receipts as `failed(code)`. */
export const playbackErrors = errorTable({
  'output.missing': {
    status: 500,
    message:
      'Output "{output}" could not open device "{device}": {reason}. Check the cable, the configured name and that nothing else holds it.',
  },
  'output.failed': { status: 500, message: 'Output "{output}" stopped taking sound: {reason}.' },
  'decoder.missing': {
    status: 500,
    message: 'The decoder "{decoder}" cannot be run. Install ffmpeg or correct the configured path.',
  },
  'decoder.failed': { status: 500, message: 'The decoder stopped ({exitCode}): {reason}.' },
  'cache.disk_full': { status: 507, message: 'No room for {bytes} bytes of audio; {free} are free.' },
  'cache.too_large': { status: 413, message: 'The content has {bytes} bytes; at most {limit} are taken.' },
  'cache.hash_mismatch': { status: 502, message: 'The content fetched for "{sha256}" has hash "{actual}".' },
  'cache.budget_spent': {
    status: 507,
    message:
      'The data of today are used up: audio of the plan waits for tomorrow, or until shortly before it is due. Raise the budget of this loudspeaker if its SIM allows more.',
  },
  'cache.unreachable': { status: 502, message: 'The content "{sha256}" could not be fetched: {reason}.' },
  'storage.disk_full': { status: 507, message: 'The disk is full: "{file}" could not be written.' },
});

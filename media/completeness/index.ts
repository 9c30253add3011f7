import { type ByteSource, withBytes } from './byte-source.ts';
import { adtsComplaint, amrComplaint } from './framed.ts';
import { matroskaComplaint } from './matroska.ts';
import { mp4Complaint } from './mp4.ts';
import { mpegAudioComplaint } from './mpeg-audio.ts';
import { oggComplaint } from './ogg.ts';
import { riffComplaint } from './riff.ts';

const CHECKS = new Map<string, (bytes: ByteSource) => Promise<string | undefined>>(
  Object.entries({
    aac: adtsComplaint,
    amr: amrComplaint,
    matroska: matroskaComplaint,
    mov: mp4Complaint,
    mp3: mpegAudioComplaint,
    ogg: oggComplaint,
    wav: riffComplaint,
  }),
);

/**
 * Whether a file was cut off, from its structure alone: decoders play what is there and say nothing. `container` is
 * ffmpeg's name. Undefined when nothing is missing or the container gives no way to tell.
 */
export async function truncationComplaint(path: string, container: string): Promise<string | undefined> {
  const check = CHECKS.get(container.split(',')[0] ?? '');
  return check && withBytes(path, check);
}

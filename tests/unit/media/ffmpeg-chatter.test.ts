import { describe, expect, it } from 'vitest';
import { DecoderLog } from '../../../media/decoder-log.ts';
import { LoudnessReader } from '../../../media/loudness.ts';
import { TailLines } from '../../../media/tail-lines.ts';

function summary(lufs: string, peak?: string): string[] {
  return [
    '[Parsed_ebur128_2 @ 0xa8e41c0] [info] Summary:',
    '',
    '  Integrated loudness:',
    `    I:         ${lufs} LUFS`,
    '    Threshold: -31.6 LUFS',
    '',
    '  Loudness range:',
    '    LRA:         1.6 LU',
    '    Threshold: -41.5 LUFS',
    ...(peak === undefined ? [] : ['', '  True peak:', `    Peak:       ${peak} dBFS`]),
  ];
}

function read(lines: readonly string[]): LoudnessReader {
  const reader = new LoudnessReader();
  for (const line of lines) reader.line(line);
  return reader;
}

describe('loudness in the chatter of ffmpeg', () => {
  it('is read from the summary, threshold and range left alone', () => {
    expect(read(summary('-21.4', '-3.0')).result).toEqual({ integratedLufs: -21.4, truePeakDb: -3 });
  });

  it('has no peak when none was measured, and no result without a summary', () => {
    expect(read(summary('-21.4')).result).toEqual({ integratedLufs: -21.4, truePeakDb: null });
    expect(read(['    I:  -3.0 LUFS', 'size=N/A time=00:00:08.84']).result).toBeUndefined();
  });

  it('of digital silence is at the bottom', () => {
    const reader = read(summary('-70.0', '-inf'));
    expect(reader.result).toEqual({ integratedLufs: -70, truePeakDb: Number.NEGATIVE_INFINITY });
    expect(reader.soundingCount).toBe(0);
  });

  it('is the last summary: an old ffmpeg prints an empty one first', () => {
    const reader = read([...summary('-70.0', '-inf'), ...summary('-21.3', '-4.5')]);
    expect(reader.result).toEqual({ integratedLufs: -21.3, truePeakDb: -4.5 });
    expect(reader.soundingCount).toBe(1);
  });

  it('counts a track that changed its format midway twice', () => {
    expect(read([...summary('-20.0'), ...summary('-21.3')]).soundingCount).toBe(2);
  });
});

describe('the decoder log', () => {
  const rejected = '[error] Error while decoding stream #0:0: Invalid data found when processing input';
  const newer = '[aist#0:0/flac @ 0x5] [error] Error submitting packet to decoder: Invalid data found';
  const mismatch = '[ogg @ 0x5581] [warning] CRC mismatch!';

  function log(...lines: readonly string[]): DecoderLog {
    const found = new DecoderLog();
    for (const line of lines) found.line(line);
    return found;
  }

  it('complains of refused frames and wrong checksums', () => {
    expect(log(rejected, newer).complaint('flac')).toBe('2 of its frames cannot be decoded');
    expect(log(mismatch).complaint('vorbis')).toBe('1 of its frames do not match their checksums');
    expect(log('[info] Stream #0:0: Audio: flac').complaint('flac')).toBeUndefined();
  });

  it('forgives one frame where a stream may have been cut out of a longer one', () => {
    expect(log(rejected).complaint('mp3')).toBeUndefined();
    expect(log(rejected, rejected).complaint('mp3')).toBeDefined();
    expect(log(rejected).complaint('flac')).toBeDefined();
  });

  it('tells damage inside from a cut at the end', () => {
    const jump =
      '[null @ 0x5619] [error] Application provided invalid, non monotonically increasing dts to muxer';
    expect(log(rejected).damagedInside).toBe(false);
    expect(log(rejected, rejected).damagedInside).toBe(true);
    expect(log(jump).damagedInside).toBe(true);
  });

  it('does not take the pauses of a phone for damage', () => {
    const pause = '[error] Error while decoding stream #0:0: Not yet implemented in FFmpeg, patches welcome';
    expect(log(pause, pause, pause).complaint('amr_nb')).toBeUndefined();
  });
});

describe('the kept end of the chatter', () => {
  it('is bounded in lines and in their length', () => {
    const tail = new TailLines(3, 5);
    for (let line = 0; line < 10; line++) tail.add(`${line}-and-much-more`);
    tail.add('   ');
    expect(tail.lines).toEqual(['7-and', '8-and', '9-and']);
  });

  it('gives the last error without marks and paths', () => {
    const tail = new TailLines(9, 400);
    expect(tail.lastError()).toBe('it gave no reason');
    tail.add('[mov @ 0x55] [error] moov atom not found');
    tail.add('[error] file:/secret/place/x.mp4: Invalid data found');
    tail.add('[info] bye');
    expect(tail.lastError()).toBe('Invalid data found');
  });
});

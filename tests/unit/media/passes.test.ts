import { describe, expect, it } from 'vitest';
import { checkPass, encodePass, measurePass, monoMix } from '../../../media/passes.ts';

const source = { codec: 'pcm_s16le', sampleRate: 44_100, channels: 2, path: '/a b/;rm -rf.wav', only: null };

describe('passes of ffmpeg', () => {
  it('mixes all channels in equal parts, whatever their layout', () => {
    expect(monoMix(2, null)).toBe('pan=mono|c0=0.500000*c0+0.500000*c1');
    expect(monoMix(3, 2)).toBe('pan=mono|c0=c2');
  });

  it('names a file so that nothing in its name is a protocol or an option, and lets no input name another', () => {
    const pass = measurePass({ ...source, maxSeconds: 11 });
    expect(pass.input).toBe('file:/a b/;rm -rf.wav');
    expect(pass.inputOptions.join(' ')).toContain('-protocol_whitelist file,pipe -format_whitelist wav,');
    expect(pass.inputOptions.join(' ')).toMatch(/-t 11$/);
    expect([pass.filterGraph, ...pass.stdoutOptions].join(' ')).not.toContain('rm -rf');
  });

  it('bounds decoding and measures the mono mix, without the dear true-peak meter', () => {
    const { filterGraph } = measurePass({ ...source, maxSeconds: 11 });
    expect(filterGraph).toContain('pan=mono');
    expect(filterGraph).toContain('ebur128=framelog=verbose');
    expect(filterGraph).not.toContain('peak=true');
  });

  it('fills the gaps that the AMR decoder leaves, and only those', () => {
    expect(measurePass({ ...source, codec: 'amr_nb', maxSeconds: 11 }).filterGraph).toContain('async=1');
    expect(measurePass({ ...source, maxSeconds: 11 }).filterGraph).not.toContain('async=1');
  });

  it('trims by samples, then gain, then limiter, and leaves nothing that varies in the bytes', () => {
    const plan = { gainDb: 5.4, limitDb: -3 };
    const pass = encodePass({ ...source, startSample: 441, endSample: 88_200, plan });
    expect(pass.filterGraph).toBe(
      '[0:a:0]aformat=sample_rates=44100,atrim=start_sample=441:end_sample=88200,asetpts=N/SR/TB,' +
        'pan=mono|c0=0.500000*c0+0.500000*c1,aresample=48000,volume=volume=5.40dB:precision=float,' +
        'alimiter=limit=0.707946:attack=5:release=50:level=false[out]',
    );
    expect(pass.stdoutOptions.join(' ')).toContain('-map_metadata -1');
    expect(pass.stdoutOptions.join(' ')).toContain('-fflags +bitexact -flags:a +bitexact -f ogg');
  });

  it('checks what it is fed and nothing else', () => {
    const pass = checkPass();
    expect(pass.input).toBeNull();
    expect(pass.inputOptions).toEqual(['-protocol_whitelist', 'pipe', '-f', 'ogg']);
    expect(pass.filterGraph).toContain('ebur128=peak=true');
  });
});

import { describe, expect, it } from 'vitest';
import { AplayProgress, aplayArguments } from '../../../device-agent/outputs/alsa-output.ts';
import { parseOutput } from '../../../device-agent/outputs/create-output.ts';
import { framesBy, PlaybackClock } from '../../../device-agent/outputs/playback-clock.ts';
import { PacatProgress, pacatArguments } from '../../../device-agent/outputs/pulse-output.ts';
import { TailText } from '../../../device-agent/outputs/tail-text.ts';
import { wavHeader } from '../../../device-agent/outputs/wav-header.ts';
import { decoderArguments } from '../../../device-agent/playback/ffmpeg-decoder.ts';

describe('PlaybackClock', () => {
  it('is not believed before enough reports, and ignores those without progress', () => {
    const clock = new PlaybackClock({ needed: 2 });
    clock.observe(480, 110);
    clock.observe(480, 210);
    expect(clock.timeOf(0)).toBeUndefined();
    clock.observe(960, 120);
    expect(clock.timeOf(0)).toBe(100);
  });

  it('minds neither reports that were read late nor guesses that came too early', () => {
    const clock = new PlaybackClock({ needed: 1 });
    [30, 0.3, -70, 0.3, 17, 0.3, 0.4].forEach((errorMs, index) => {
      const ms = (index + 1) * 200;
      clock.observe(ms * 48, 1_000 + ms + errorMs);
    });
    expect(clock.timeOf(48)).toBeCloseTo(1_001.3, 6);
  });

  it('forgets old reports, so that it follows a card that lost time', () => {
    const clock = new PlaybackClock({ needed: 1 });
    for (let ms = 50; ms < 5_000; ms += 50) clock.observe(ms * 48, ms);
    for (let ms = 5_000; ms < 9_000; ms += 50) clock.observe(ms * 48, ms + 100);
    expect(clock.timeOf(0)).toBeCloseTo(100, 6);
  });

  it('counts frames between nothing and what was written', () => {
    expect(framesBy(90, 100, 960)).toBe(0);
    expect(framesBy(110, 100, 960)).toBe(480);
    expect(framesBy(500, 100, 960)).toBe(960);
    expect(framesBy(500, undefined, 960)).toBe(0);
  });
});

describe('what players say', () => {
  it('pacat: opened when connected, then the newest time, whatever the pieces', () => {
    const progress = new PacatProgress();
    const clock = new PlaybackClock({ needed: 1 });
    progress.read('Stream successfully created.\n', 0, clock);
    expect(progress.opened).toBe(false);
    progress.read('Connected to device loa (index: 0, suspended: no).\n', 1, clock);
    expect(progress.opened).toBe(true);
    expect(progress.read('Time: 0.000 sec; Latency: 45000 usec.        \rTime: 0.1', 2, clock)).not.toContain(
      'Time',
    );
    expect(clock.timeOf(0)).toBeUndefined();
    progress.read('00 sec; Latency: 59119 usec.        \r', 150, clock);
    expect(clock.timeOf(0)).toBeCloseTo(50, 6);
  });

  it('pacat: what is left is the reason of a failure', () => {
    const progress = new PacatProgress();
    const clock = new PlaybackClock({ needed: 1 });
    progress.read('Connected to device loa (index: 0, suspended: no).\n', 1, clock);
    const said = progress.read('Time: 1.0 sec; Latency: 3 usec.  \rStream error: Entity killed\n', 2, clock);
    expect(said.trim()).toBe('Stream error: Entity killed');
  });

  it('aplay: periods handed over less one buffer', () => {
    const progress = new AplayProgress();
    const clock = new PlaybackClock({ needed: 1 });
    progress.read('Its setup is:\n  buffer_size  : 4800\n', 0, clock);
    expect(progress.opened).toBe(false);
    progress.read('  period_size  : 960\n', 0, clock);
    expect(progress.opened).toBe(true);
    for (let period = 1; period <= 5; period++) progress.read('#+         | 00%\r', period, clock);
    expect(clock.timeOf(0)).toBeUndefined();
    progress.read('#+    | 00%\r#+    | 00%\r', 140, clock);
    expect(clock.timeOf(0)).toBeCloseTo(100, 6);
    expect(progress.read('aplay: pcm_write:2127: write error: No such device\n', 200, clock)).toContain(
      'write error',
    );
  });
});

describe('argument arrays', () => {
  it('keep hostile names in one element', () => {
    const hostile = '-f evil; rm -rf "$HOME"';
    expect(decoderArguments(hostile, 0)).toContain(`file:${hostile}`);
    expect(aplayArguments(hostile)).toContain(`--device=${hostile}`);
    expect(pacatArguments({ sink: hostile })).toContain(`--device=${hostile}`);
  });

  it('let the decoder read files only, and seek before it reads', () => {
    const args = decoderArguments('/a.opus', 1_500);
    expect(args[args.indexOf('-protocol_whitelist') + 1]).toBe('file,pipe');
    expect(args[args.indexOf('-format_whitelist') + 1]).toBe('ogg');
    for (const list of ['-protocol_whitelist', '-format_whitelist', '-codec_whitelist'])
      expect(args.indexOf(list)).toBeLessThan(args.indexOf('-i'));
    expect(args[args.indexOf('-ss') + 1]).toBe('1.500');
    expect(args.indexOf('-ss')).toBeLessThan(args.indexOf('-i'));
    expect(decoderArguments('/a.opus', 0)).not.toContain('-ss');
  });
});

describe('parseOutput', () => {
  it('reads every kind and refuses the rest', () => {
    expect(parseOutput('null')).toEqual({ kind: 'null' });
    expect(parseOutput('file:/var/rec')).toEqual({ kind: 'file', path: '/var/rec' });
    expect(parseOutput('alsa:plughw:CARD=A')).toEqual({ kind: 'alsa', device: 'plughw:CARD=A' });
    expect(parseOutput('alsa')).toEqual({ kind: 'alsa', device: 'default' });
    expect(parseOutput('pulse')).toEqual({ kind: 'pulse' });
    expect(parseOutput('pulse:loa')).toEqual({ kind: 'pulse', sink: 'loa' });
    for (const text of ['', 'file', 'file:', 'null:x', 'jack']) expect(parseOutput(text)).toBeUndefined();
  });
});

describe('small parts', () => {
  it('the WAV header states its sizes', () => {
    const header = wavHeader(96_000);
    expect(header).toHaveLength(44);
    expect(header.readUInt32LE(4)).toBe(96_036);
    expect(header.readUInt32LE(24)).toBe(48_000);
    expect(header.readUInt32LE(40)).toBe(96_000);
  });

  it('the tail of what a process says is bounded and on one line', () => {
    const tail = new TailText(20);
    expect(tail.line('nothing')).toBe('nothing');
    tail.add('a'.repeat(100));
    tail.add('\nlast\twords\n');
    expect(tail.line('')).toBe('aaaaaaaa last words');
  });
});

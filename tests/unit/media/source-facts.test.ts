import { describe, expect, it } from 'vitest';
import { isDomainError } from '#protocols';
import { readFacts } from '../../../media/probe.ts';

function answer(stream: object = {}, format: object = {}): string {
  return JSON.stringify({
    programs: [],
    streams: [
      { index: 0, codec_type: 'video', codec_name: 'h264' },
      { index: 1, codec_type: 'audio', codec_name: 'aac', sample_rate: '44100', channels: 2, ...stream },
    ],
    format: { format_name: 'mov,mp4', duration: '49.376000', probe_score: 100, ...format },
  });
}

function refusal(json: string): string | undefined {
  try {
    readFacts(json);
  } catch (error) {
    if (isDomainError(error)) return error.code;
    throw error;
  }
  return undefined;
}

describe('what a file says of itself', () => {
  it('is its first sound track', () => {
    expect(readFacts(answer())).toEqual({
      container: 'mov,mp4',
      codec: 'aac',
      sampleRate: 44_100,
      channels: 2,
      declaredDurationMs: 49_376,
    });
  });

  it('may leave the duration out', () => {
    expect(readFacts(answer({}, { duration: undefined })).declaredDurationMs).toBeNull();
  });

  it.each([
    ['a guess', answer({}, { probe_score: 1 }), 'media.unrecognised'],
    ['an unknown codec', answer({ codec_name: undefined }), 'media.unrecognised'],
    ['no sound track', answer({ codec_type: 'video' }), 'media.no_audio'],
    ['nine channels', answer({ channels: 9 }), 'media.unsupported_channels'],
    ['no channels', answer({ channels: 0 }), 'media.corrupt'],
    ['a telephone of before', answer({ sample_rate: '4000' }), 'media.unsupported_rate'],
    ['a bat detector', answer({ sample_rate: '384000' }), 'media.unsupported_rate'],
    ['another shape', '{"format":{}}', 'media.unrecognised'],
    ['no JSON', 'segmentation fault', 'media.unrecognised'],
  ])('is refused: %s', (_name, json, code) => {
    expect(refusal(json)).toBe(code);
  });
});

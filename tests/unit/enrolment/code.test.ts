import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  DomainError,
  enrolmentUri,
  isDomainError,
  newEnrolmentCode,
  readEnrolmentCode,
  readEnrolmentUri,
  readInvitation,
  shownCode,
} from '#protocols';

const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const isMalformed = (error: unknown) => isDomainError(error, 'enrolment.code_malformed');

describe('an enrolment code', () => {
  it('is 95 bits and a check letter, in letters that are not mistaken for others', () => {
    // Reckoned apart from this program.
    expect(newEnrolmentCode(Uint8Array.from({ length: 12 }, (_, i) => i + 1))).toBe('041061050R3GG28A1C63');
    for (let i = 0; i < 500; i++) {
      const code = newEnrolmentCode();
      expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{20}$/);
      expect(readEnrolmentCode(shownCode(code))).toBe(code);
    }
    // Every bit of chance is in it: the last of the 96 is left out.
    const zero = Buffer.alloc(12);
    const codes = Array.from({ length: 95 }, (_, bit) => {
      const bytes = Buffer.from(zero);
      bytes[bit >> 3] = 128 >> (bit & 7);
      return newEnrolmentCode(bytes);
    });
    expect(new Set([newEnrolmentCode(zero), ...codes]).size).toBe(96);
  });

  it('is shown in groups and read however it is typed', () => {
    expect(shownCode('041061050R3GG28A1C63')).toBe('0410-6105-0R3G-G28A-1C63');
    expect(readEnrolmentCode(' o41o 6io5-or3g-g28a1c63')).toBe('041061050R3GG28A1C63');
    expect(readEnrolmentCode('O4LO-6IO5-OR3G-G28A-LC63')).toBe('041061050R3GG28A1C63');
  });

  it('tells one wrong letter, and two that changed places', () => {
    const code = newEnrolmentCode(randomBytes(12));
    for (let at = 0; at < code.length; at++) {
      for (const letter of LETTERS) {
        if (letter === code[at]) continue;
        const wrong = code.slice(0, at) + letter + code.slice(at + 1);
        expect(() => readEnrolmentCode(wrong)).toThrow('mistyped');
      }
      const [one, two] = [code[at], code[at + 1]];
      if (two === undefined || one === two) continue;
      const swapped = code.slice(0, at) + two + one + code.slice(at + 2);
      expect(() => readEnrolmentCode(swapped)).toThrow('mistyped');
    }
    expect(() => readEnrolmentCode(code.slice(1))).toThrow('19 letters');
    expect(() => readEnrolmentCode(`U${code.slice(1)}`)).toThrow('no code has "u"');
  });
});

describe('an invitation', () => {
  const invitation = {
    url: 'http://192.168.1.5:8080',
    speakerId: 'loa-ap-1',
    code: '041061050R3GG28A1C63',
  };

  it('is one text and comes back', () => {
    const uri = enrolmentUri(invitation);
    expect(uri).toBe('loa:enrol?u=http%3A%2F%2F192.168.1.5%3A8080&s=loa-ap-1&c=041061050R3GG28A1C63');
    expect(readEnrolmentUri(` ${uri}\n`)).toEqual(invitation);
    expect(readInvitation('http://192.168.1.5:8080/ ', ' loa-ap-1', shownCode(invitation.code))).toEqual(
      invitation,
    );
  });

  it('is refused with what is wrong with it', () => {
    expect(() => readEnrolmentUri('http://x')).toThrow('does not begin with "loa:enrol?"');
    expect(() => readEnrolmentUri('loa:enrol?u=ftp://x&s=loa-1&c=1')).toThrow('/url');
    expect(() => readEnrolmentUri('loa:enrol?u=http://x&s=../1&c=1')).toThrow('/speakerId');
    expect(() => readEnrolmentUri('loa:enrol?u=http://x&s=loa-1')).toThrow(DomainError);
    const wrong = 'loa:enrol?u=http://x&s=loa-1&c=041061050R3GG28A1C64';
    expect(() => readEnrolmentUri(wrong)).toThrow(expect.toSatisfy(isMalformed));
  });
});

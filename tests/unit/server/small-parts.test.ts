import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { hashToken, newToken, TokenBook } from '../../../server/domain/accounts/token-book.ts';
import { EventHub } from '../../../server/domain/events/event-hub.ts';
import { etagMatches, parseRange } from '../../../server/http/byte-range.ts';
import { createLogger } from '../../../server/logger.ts';

describe('a byte range', () => {
  it.each([
    ['bytes=0-0', { first: 0, last: 0 }],
    ['bytes=2-', { first: 2, last: 9 }],
    ['bytes=-3', { first: 7, last: 9 }],
    ['bytes=-30', { first: 0, last: 9 }],
    ['bytes=5-99', { first: 5, last: 9 }],
    ['bytes=10-', null],
    ['bytes=-0', null],
    ['bytes=5-4', undefined],
    ['bytes=-', undefined],
    ['bytes=0-1,3-4', undefined],
    ['lines=0-1', undefined],
    [undefined, undefined],
  ])('%s of ten bytes', (header, range) => {
    expect(parseRange(header, 10)).toEqual(range);
  });

  it('is not sent to who holds the file', () => {
    expect([etagMatches('"a", W/"b"', '"b"'), etagMatches('*', '"b"'), etagMatches('"a"', '"b"')]).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe('a token', () => {
  it('is found by its hash alone', () => {
    const token = newToken();
    const book = new TokenBook([
      { name: 'An', role: 'editor', areas: ['xa'], sha256: hashToken(token) },
      { name: 'Bình', role: 'viewer', areas: ['xa'], sha256: hashToken(newToken()) },
    ]);
    expect(book.find(token)).toEqual({
      kind: 'machine',
      name: 'An',
      grants: [{ role: 'editor', areas: ['xa'] }],
    });
    expect(book.find(newToken())).toBeUndefined();
    expect(book.find('')).toBeUndefined();
    expect(book.find(hashToken(token))).toBeUndefined();
  });
});

describe('the event hub', () => {
  it('keeps what fits and says what is gone', () => {
    const hub = new EventHub({ capacity: 3, epoch: 'e' });
    for (let i = 0; i < 5; i++)
      hub.publish('broadcast.changed', { broadcastId: `b${i}`, areaId: 'xa', state: 'issued' });
    expect(hub.read(1, 10)).toBeUndefined();
    expect(hub.read(2, 2)?.map(({ n }) => n)).toEqual([2, 3]);
    expect(hub.after(hub.idBefore(3))).toEqual({ next: 3, lost: false });
    expect(hub.after('e-1')).toEqual({ next: 5, lost: true });
    expect(hub.after('other-3')).toEqual({ next: 5, lost: true });
    expect(hub.after('e-x')).toEqual({ next: 5, lost: true });
    expect(hub.after(undefined)).toEqual({ next: 5, lost: false });
  });
});

describe('the log', () => {
  it('never shows a secret', () => {
    let text = '';
    const sink = new Writable({
      write(piece, _encoding, done) {
        text += String(piece);
        done();
      },
    });
    const log = createLogger('info', sink);
    log.info({ token: 'hush', req: { headers: { authorization: 'Bearer hush' } } }, 'x');
    log.info({ speaker: { secret: 'hush' }, provisioning: { secret: 'hush' } }, 'y');
    expect(text).toContain('"msg":"y"');
    expect(text).not.toContain('hush');
  });
});

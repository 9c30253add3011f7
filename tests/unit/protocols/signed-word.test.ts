import { expect, it } from 'vitest';
import {
  type Answer,
  answerCodec,
  generateSigningKey,
  needsSignature,
  signedWord,
  signerOf,
  splitWord,
} from '#protocols';
import { OwnWords } from '../../../device-agent/link/own-words.ts';
import { isWordOf } from '../../helpers/is-word-of.ts';

const key = generateSigningKey();
const answer: Answer = {
  ...{ v: 1, orderId: 'ord-1', orderHash: 'a'.repeat(64), broadcastId: 'brc-1' },
  ...{ answer: 'refused', code: 'order.expired', at: 1 },
};
const text = signedWord('answer', 'spk-1', answer, signerOf(key));
const split = (payload: string) => splitWord(Buffer.from(payload));

it('a signed word is its JSON text, a newline and a signature', () => {
  const word = split(text);
  expect(text.split('\n')).toEqual([JSON.stringify(answer), expect.stringMatching(/^[A-Za-z0-9_-]{86}$/)]);
  expect(answerCodec.parse(word.body)).toEqual(answer);
  expect(isWordOf('answer', 'spk-1', word, key.publicKey)).toBe(true);
});

it('it is nobody else’s, nothing else, and not of another text or key', () => {
  const word = split(text);
  expect(isWordOf('answer', 'spk-2', word, key.publicKey)).toBe(false);
  expect(isWordOf('health', 'spk-1', word, key.publicKey)).toBe(false);
  expect(isWordOf('answer', 'spk-1', word, generateSigningKey().publicKey)).toBe(false);
  const changed = split(text.replace('refused', 'accepted'));
  expect(isWordOf('answer', 'spk-1', changed, key.publicKey)).toBe(false);
  // Names and bodies are told apart: none takes a part of another.
  const shifted = { ...word, body: Buffer.from(`1\n${JSON.stringify(answer)}`) };
  expect(isWordOf('answer', 'spk-', shifted, key.publicKey)).toBe(false);
});

it.each([
  ['none', JSON.stringify(answer)],
  ['one that is too short', text.slice(0, -1)],
  ['one without a newline before it', text.replace('\n', ' ')],
  ['one with another alphabet', `${text.slice(0, -1)}+`],
  ['nothing at all', ''],
])('where there is %s, all of it is body', (_what, payload) => {
  expect(split(payload)).toEqual({ body: Buffer.from(payload), signature: undefined });
  expect(isWordOf('answer', 'spk-1', split(payload), key.publicKey)).toBe(false);
});

it('what says that something was taken or is held needs a signature', () => {
  expect(needsSignature('hello', {})).toBe(true);
  expect(needsSignature('answer', {})).toBe(true);
  expect(needsSignature('health', { load1: 1 })).toBe(false);
  expect(needsSignature('health', { held: '' })).toBe(true);
  expect(needsSignature('health', { assignment: null })).toBe(true);
  for (const name of ['journal', 'progress', 'presence', 'timeRequest'] as const)
    expect(needsSignature(name, { held: '' })).toBe(false);
});

it('a loudspeaker numbers what it says of what it holds, and signs nothing else but answers', () => {
  const words = new OwnWords('spk-1', signerOf(key));
  const said = [
    words.text('hello', { v: 1 }),
    words.text('answer', answer),
    words.text('health', { v: 1, load1: 1 }),
    words.text('health', { v: 1, held: 'x' }),
    words.text('progress', { v: 1 }),
  ].map(split);
  expect(said.map(({ body }) => JSON.parse(body.toString()) as object)).toEqual([
    { v: 1, n: 1 },
    answer,
    { v: 1, load1: 1 },
    { v: 1, held: 'x', n: 2 },
    { v: 1 },
  ]);
  expect(said.map(({ signature }) => signature !== undefined)).toEqual([true, true, false, true, false]);
});

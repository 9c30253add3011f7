import { expect, it } from 'vitest';
import type { FileContent, PlayOrder } from '#protocols';
import { asApproved } from '../../../server/domain/announcements/approval-hash.ts';
import {
  builtInPrelude,
  type ClearedSounds,
  clear,
  clearAgain,
  clearMessage,
} from '../../../server/domain/announcements/clearance.ts';
import { mediumContent } from '../../../server/domain/media/medium-content.ts';
import { announcement, medium } from '../../contract/storage/samples.ts';

const audio = medium();
const file = { mediaSha256: audio.sha256, stream: null };
const approved = asApproved(announcement('xa', { ...file, priority: 'emergency' }));
const order = (content: FileContent): Pick<PlayOrder, 'content' | 'prelude'> => ({ content, prelude: [] });

it('lets in what is approved as it is, and says of everything else why not', () => {
  expect(clear(approved, audio)).toEqual({ content: mediumContent(audio) });
  expect(clear({ ...approved, title: 'khác' }, audio)).toEqual({ unclear: 'changed' });
  expect(clear({ ...approved, mediaSha256: null }, null)).toEqual({ unclear: 'no_audio' });
  expect(clear(approved, null)).toEqual({ unclear: 'not_stored' });
  expect(clear(approved, medium())).toEqual({ unclear: 'not_stored' });
  for (const state of ['draft', 'submitted', 'rejected', 'withdrawn'] as const)
    expect(clear({ ...approved, state }, audio)).toEqual({ unclear: 'not_approved' });
  const relay = asApproved(announcement('xa'));
  expect(clear(relay, null)).toEqual({ content: { kind: 'relay', ...relay.stream, fallback: null } });
});

it('lets a message be kept that is approved and to be kept', () => {
  const message = { name: approved.id, title: approved.title, content: mediumContent(audio) };
  expect(clearMessage(approved, audio)).toEqual(message);
  expect(clearMessage({ ...approved, stored: false }, audio)).toBeNull();
  expect(clearMessage(asApproved({ ...approved, stored: false }), audio)).toBeNull();
  expect(clearMessage({ ...approved, state: 'withdrawn' }, audio)).toBeNull();
});

it('clears a signed line again while it names what would be cleared now, and opens it with built-in sounds alone', () => {
  const line = order(mediumContent(audio));
  expect(clearAgain(line, approved, audio)).toEqual(line);
  expect(clearAgain(order(mediumContent(medium())), approved, audio)).toBeNull();
  expect(clearAgain(line, { ...approved, state: 'draft' }, audio)).toBeNull();
  const opened = (name: string) => clearAgain({ ...line, prelude: [{ name }] }, approved, audio);
  expect(opened('chime')?.prelude).toEqual([{ name: 'chime' }]);
  expect(opened(approved.id)).toBeNull();
  expect(builtInPrelude('toString')).toBeNull();
});

it('is made nowhere else: the compiler refuses content of any other origin', () => {
  // @ts-expect-error Only `clear` and its like make what an order takes.
  const sounds: ClearedSounds = order(mediumContent(audio));
  expect(sounds.content).toEqual(mediumContent(audio));
});

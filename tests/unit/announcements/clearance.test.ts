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
import { AreaTree } from '../../../server/domain/areas/area.ts';
import { mediumContent } from '../../../server/domain/media/medium-content.ts';
import { announcement, area, medium } from '../../contract/storage/samples.ts';

const audio = medium();
const file = { mediaSha256: audio.sha256, stream: null };
const approved = asApproved(announcement('xa', { ...file, priority: 'emergency' }));
const targets = { areas: ['xa'], speakers: [], excludeAreas: [], excludeSpeakers: [] };
const order = (content: FileContent): Pick<PlayOrder, 'content' | 'prelude' | 'targets'> => ({
  ...{ content, prelude: [], targets },
});
const tree = new AreaTree([area({ id: 'xa' })]);
const territory = { tree, areaOfSpeaker: () => undefined, hasSpeakers: () => true };
const here = { targets, territory };

it('lets in what is approved as it is, and says of everything else why not', () => {
  const by = [{ kind: 'approval', sha256: approved.approvedSha256 }];
  expect(clear(approved, audio, here)).toEqual({ content: mediumContent(audio), targets, by, missing: [] });
  expect(clear({ ...approved, title: 'khác' }, audio, here)).toMatchObject({
    unclear: 'changed',
    missing: ['xa'],
  });
  expect(clear({ ...approved, mediaSha256: null }, null, here)).toMatchObject({ unclear: 'no_audio' });
  expect(clear(approved, null, here)).toMatchObject({ unclear: 'not_stored' });
  expect(clear(approved, medium(), here)).toMatchObject({ unclear: 'not_stored' });
  for (const state of ['draft', 'submitted', 'rejected', 'withdrawn'] as const)
    expect(clear({ ...approved, state }, audio, here)).toMatchObject({ unclear: 'not_approved' });
  const relay = asApproved(announcement('xa'));
  expect(clear(relay, null, here)).toMatchObject({
    content: { kind: 'relay', ...relay.stream, fallback: null },
  });
});

it('lets a message be kept that is approved and to be kept', () => {
  const message = { name: approved.id, title: approved.title, content: mediumContent(audio) };
  expect(clearMessage(approved, audio, here)).toEqual(message);
  expect(clearMessage({ ...approved, stored: false }, audio, here)).toBeNull();
  expect(clearMessage(asApproved({ ...approved, stored: false }), audio, here)).toBeNull();
  expect(clearMessage({ ...approved, state: 'withdrawn' }, audio, here)).toBeNull();
});

it('clears a signed line again while it names what would be cleared now, and opens it with built-in sounds alone', () => {
  const line = order(mediumContent(audio));
  expect(clearAgain(line, approved, audio, territory)).toMatchObject({ order: line });
  expect(clearAgain(order(mediumContent(medium())), approved, audio, territory)).toBeNull();
  expect(clearAgain(line, { ...approved, state: 'draft' }, audio, territory)).toBeNull();
  const opened = (name: string) => clearAgain({ ...line, prelude: [{ name }] }, approved, audio, territory);
  expect(opened('chime')?.order.prelude).toEqual([{ name: 'chime' }]);
  expect(opened(approved.id)).toBeNull();
  expect(builtInPrelude('toString')).toBeNull();
});

it('is made nowhere else: the compiler refuses content of any other origin', () => {
  // @ts-expect-error Only `clear` and its like make what an order takes.
  const sounds: ClearedSounds = order(mediumContent(audio));
  expect(sounds.content).toEqual(mediumContent(audio));
});

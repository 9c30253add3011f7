import { expect, it } from 'vitest';
import { topicOf } from '#protocols';
import { type SpeakerMessageHandlers, takeMessage } from '../../../server/mqtt/inbound.ts';

it('takes of a loudspeaker that may not speak nothing but the end of its connection, whatever broker let it in', () => {
  const heard: string[] = [];
  const hear =
    (name: string) =>
    (speakerId: string): void =>
      void heard.push(`${name} ${speakerId}`);
  const handlers: SpeakerMessageHandlers = {
    hello: hear('hello'),
    answer: hear('answer'),
    journal: hear('journal'),
    health: hear('health'),
    progress: hear('progress'),
    presence: hear('presence'),
    timeRequest: hear('timeRequest'),
  };
  const said = (name: 'timeRequest' | 'presence', document: object, admitted: boolean) =>
    takeMessage(topicOf(name, 'loa-1'), Buffer.from(JSON.stringify(document)), handlers, () => admitted);
  const question = { v: 1, nonce: 'n'.repeat(22) };
  const gone = { v: 1, sessionEpoch: 1, online: false };

  expect(said('timeRequest', question, false)).toMatchObject({ code: 'message.barred' });
  expect(heard).toEqual([]);
  expect(said('presence', gone, false).code).toBeUndefined();
  expect(said('timeRequest', question, true).code).toBeUndefined();
  expect(heard).toEqual(['presence loa-1', 'timeRequest loa-1']);
});

import { expect, it } from 'vitest';
import { speakerView } from '../../../server/http/views.ts';
import { AT, speaker, status } from '../../contract/storage/samples.ts';

it('a loudspeaker is shown muted as long as it is, whatever was written when', () => {
  const mute = { by: 'Bích', reason: 'đám tang', until: AT + 60_000 };
  const muted = speaker('ap-1', { mute });
  const stale = status(muted.id, { output: 'muted' });
  const output = (record: typeof muted, now: number) => speakerView(record, stale, now).status?.output;
  expect([output(muted, AT), output(muted, AT + 60_000)]).toEqual(['muted', 'normal']);
  const inRepair = { ...muted, maintenance: { by: 'Tú', reason: 'thay loa', until: null } };
  expect(output(inRepair, AT)).toBe('maintenance');
  const stopped = (record: typeof muted) => speakerView(record, stale, AT, true).status?.output;
  expect([stopped(muted), stopped(inRepair)]).toEqual(['stopped', 'maintenance']);
});

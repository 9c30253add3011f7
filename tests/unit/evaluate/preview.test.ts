import { expect, it } from 'vitest';
import type { Targets } from '#protocols';
import { previewAll, previewSteps } from '../../../server/domain/schedule/preview/preview.ts';
import type {
  PreviewClass,
  PreviewSlot,
  PreviewSpeaker,
} from '../../../server/domain/schedule/preview/preview-types.ts';
import { dataSet, FROM, TO } from '../../bench/preview/data-set.ts';
import { differences } from '../../bench/preview/naive.ts';
import { slotsOfAll } from '../../bench/preview/slots.ts';
import { FakeClock } from '../../helpers/fake-clock.ts';
import { holding, MINUTE, NOW, planned, rules } from './examples.ts';

const nobody: Targets = { areas: [], speakers: [], excludeAreas: [], excludeSpeakers: [] };
const slot = (id: string, targets: Partial<Targets>, startsAt = NOW): PreviewSlot => ({
  ...planned(id, { startsAt }),
  ...{ title: id, scheduleId: null, targets: { ...nobody, ...targets } },
});
const speaker = (
  speakerId: string,
  areas: readonly string[],
  change: Partial<PreviewSpeaker> = {},
): PreviewSpeaker => ({
  ...holding({ rules: rules() }),
  ...{ speakerId, areas, ...change },
});
const classes = (slots: readonly PreviewSlot[], speakers: readonly PreviewSpeaker[]): PreviewClass[] =>
  [...previewSteps(slots, speakers, { from: NOW - MINUTE, to: NOW + 60 * MINUTE })].filter(
    (step) => step !== null,
  );

it('puts loudspeakers together at which the same happens', () => {
  const speakers = [
    speaker('s1', ['xa', 'ap-1']),
    speaker('s2', ['xa', 'ap-2'], { rules: rules({}, { sensitive: true }) }),
    speaker('s3', ['xa', 'ap-3']),
    speaker('s4', ['xa', 'ap-2']),
    speaker('s5', ['xa', 'ap-1'], { latches: ['lat-1'] }),
    speaker('s6', ['khac']),
  ];
  const slots = [
    slot('all', { areas: ['xa'], excludeSpeakers: ['s4'] }),
    slot('own', { areas: ['ap-3'] }, NOW + MINUTE),
    slot('named', { speakers: ['s4'] }),
  ];
  const told = classes(slots, speakers).map(({ speakerIds, timeline }) => [
    speakerIds,
    timeline.items.map(({ id, reason }) => [id, reason?.code ?? 'sounds']),
  ]);
  expect(told).toEqual([
    [['s1', 's2'], [['all', 'sounds']]],
    [
      ['s3'],
      [
        ['all', 'sounds'],
        ['own', 'sounds'],
      ],
    ],
    [['s4'], [['named', 'sounds']]],
    [['s5'], [['all', 'order.latched']]],
    [['s6'], []],
  ]);
});

it.each([1, 2])('says of every loudspeaker what a run for it alone says (data set %i)', async (seed) => {
  const { speakers, schedules } = dataSet({ seed, speakers: 80, schedules: 160 });
  const slots = await slotsOfAll(schedules);
  const all = await previewAll(slots, speakers, { from: FROM, to: TO }, new FakeClock());
  expect(all.flatMap(({ speakerIds }) => speakerIds).sort()).toEqual(
    speakers.map(({ speakerId }) => speakerId).sort(),
  );
  expect(all.length).toBeLessThan(speakers.length);
  expect(differences(slots, speakers, all)).toEqual([]);
});

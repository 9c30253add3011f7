import { expect, it } from 'vitest';
import { ERRORS, type ErrorCode } from '#protocols';
import { WORDS } from '../../../server/console/api/error-words.ts';

/** What loudspeakers, their enrolment and machines are told, and what no page of the console asks for. */
const ELSEWHERE = [
  // Between loudspeakers and controller.
  ...[
    'enrolment',
    'journal',
    'document',
    'order',
    'message',
    'output',
    'decoder',
    'cache',
    'plan',
    'evidence',
  ],
  // Files are not sent from these pages, but for backups.
  ...['media', 'upload.lost', 'request.range_unsatisfiable', 'request.unsupported_media_type'],
  // Keys, areas and rules are kept at the terminal and by the API.
  ...['key', 'area.unknown_zone', 'policy.invalid', 'policy.expired', 'policy.no_tests'],
  // What is made good is not decided on these pages.
  'make_good',
  ...['restore.not_empty', 'restore.in_use', 'announcement.stream_refused'],
  // States of what was not played, no refusals.
  ...['schedule.not_issued', 'schedule.controller_away'],
];

const isElsewhere = (code: string) => ELSEWHERE.some((one) => code === one || code.startsWith(`${one}.`));

it('tells every refusal that the pages can meet in Vietnamese', () => {
  const codes = Object.keys(ERRORS) as ErrorCode[];
  expect(codes.filter((code) => WORDS[code] === undefined && !isElsewhere(code))).toEqual([]);
});

it('names no value that the refusal does not have', () => {
  const named = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  for (const [code, words] of Object.entries(WORDS)) {
    const entry = (ERRORS as Readonly<Record<string, { readonly message: string }>>)[code];
    // `console.…` codes are the pages' own.
    const known = entry === undefined ? [] : named(entry.message);
    if (code === 'server.internal') continue;
    expect([code, named(words).filter((name) => !known.includes(name))]).toEqual([code, []]);
  }
});

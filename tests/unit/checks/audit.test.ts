import { expect, it } from 'vitest';
import { auditVerdict } from '../../checks/audit/verdict.ts';

const ADVISORY = {
  ...{ source: 1, name: 'deep', dependency: 'deep', title: 'Reads past the end', severity: 'high' },
  ...{ url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc', range: '<1.2.3' },
};
const REPORT = JSON.stringify({
  auditReportVersion: 2,
  vulnerabilities: {
    ours: { name: 'ours', isDirect: true, via: ['deep'], effects: [], fixAvailable: false },
    deep: {
      ...{ name: 'deep', isDirect: false, via: [ADVISORY], effects: ['ours'] },
      fixAvailable: { name: 'ours', version: '2.0.0', isSemVerMajor: true },
    },
  },
});
const NOTE = { id: 'GHSA-aaaa-bbbb-cccc', why: 'We never hand it bytes from outside.', until: '2027-01-31' };

it('names each finding, who brings it, its cure, and that nobody explained it', () => {
  const { code, lines } = auditVerdict(REPORT, [], '2026-11-29');
  expect(code).toBe(1);
  expect(lines).toEqual([
    'high: deep <1.2.3: Reads past the end',
    '  https://github.com/advisories/GHSA-aaaa-bbbb-cccc; through ours; cure: ours 2.0.0 (a new major version)',
    expect.stringContaining('NOT EXPLAINED'),
    'checked: 1 findings, 1 not explained',
  ]);
});

it('gives the explanation where there is one, for as long as it is to be believed', () => {
  expect(auditVerdict(REPORT, [NOTE], '2026-11-29')).toMatchObject({ code: 0 });
  expect(auditVerdict(REPORT, [NOTE], '2026-11-29').lines[2]).toContain(NOTE.why);
  const later = auditVerdict(REPORT, [NOTE], '2027-02-01');
  expect([later.code, later.lines[2]]).toEqual([1, expect.stringContaining('TOO OLD')]);
});

it('is clean only by a report that says so', () => {
  const clean = JSON.stringify({ auditReportVersion: 2, vulnerabilities: {} });
  expect(auditVerdict(clean, [], '2026-11-29')).toMatchObject({ code: 0 });
  for (const answer of [
    '',
    '{}',
    'npm error',
    JSON.stringify({ message: '405 Method Not Allowed - POST https://r/x' }),
  ])
    expect(auditVerdict(answer, [], '2026-11-29')).toMatchObject({
      code: 3,
      lines: [expect.stringMatching(/^not checked: /)],
    });
});

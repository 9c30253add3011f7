import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { AUDIT_ACTIONS } from '#protocols';
import { ACTIONS } from '../../../server/console/pages/audit/action-words.ts';
import { inRepo } from '../../helpers/repo-root.ts';

/** The controller's own sources: whatever it records, it names there. */
function sources(): string {
  const files = readdirSync(inRepo('server'), { recursive: true, encoding: 'utf8' });
  return files
    .filter((name) => name.endsWith('.ts') && !/^console\b|\bgenerated\b/.test(name))
    .map((name) => readFileSync(join(inRepo('server'), name), 'utf8'))
    .join('\n');
}

it('offers as a filter of the audit log each action that is written, in words, and no other', () => {
  expect(Object.keys(ACTIONS).sort()).toEqual([...AUDIT_ACTIONS].sort());
  expect(new Set(Object.values(ACTIONS)).size).toBe(AUDIT_ACTIONS.length);
});

it('has no action on its list that nothing writes', () => {
  const text = sources();
  // What is written and not listed does not compile: `record` takes listed actions alone.
  expect(AUDIT_ACTIONS.filter((action) => !text.includes(`'${action}'`))).toEqual([]);
});

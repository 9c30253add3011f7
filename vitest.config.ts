import { defineConfig } from 'vitest/config';
import { UnitsLast } from './tests/helpers/units-last.ts';

/**
 * package.json's "imports" resolve to the sources, not to what was last built. Nothing more belongs here: the workers
 * get these as Node's own conditions, and "import" or "module" would hand ES modules to packages that \`require\`.
 */
const conditions = ['loa-source', 'node'];

const ALL = 'tests/{unit,integration,system,contract,browser}/**/*.test.ts';

/** These watch what belongs to the whole process, requests to the disk that are under way: each gets a process of its own. */
const ALONE = [
  'tests/unit/disk-idle.test.ts',
  'tests/unit/agent/{downloads,owed-writes,plan-keeper}.test.ts',
];

/** These watch the same, and leave nothing behind that would be seen: they share what is loaded with each other alone. */
const AGENT = ['tests/integration/agent/**/*.test.ts'];

const common = {
  environment: 'node',
  // Processes of their own: tests kill, fill disks and load native modules.
  pool: 'forks' as const,
  setupFiles: ['tests/helpers/setup.ts'],
  // Ends what hangs, and says nothing of speed. Longer than `until` waits, which names what did not come.
  testTimeout: 60_000,
  hookTimeout: 90_000,
};
const resolution = { resolve: { conditions }, ssr: { resolve: { conditions } } };

export default defineConfig({
  ...resolution,
  test: {
    maxWorkers: 2,
    sequence: { sequencer: UnitsLast },
    // Once for all projects, which therefore do not extend all of this.
    globalSetup: ['tests/helpers/global-setup.ts'],
    reporters: ['default', './tests/helpers/summary-reporter.ts'],
    // Files share the modules that their worker has loaded: with those of their own the contract tests took 61 s, and take 26.
    projects: [
      { ...resolution, test: { ...common, name: 'alone', include: ALONE } },
      { ...resolution, test: { ...common, name: 'agent', include: AGENT, isolate: false } },
      {
        ...resolution,
        test: { ...common, name: 'shared', include: [ALL], exclude: [...ALONE, ...AGENT], isolate: false },
      },
    ],
  },
});

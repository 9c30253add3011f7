import { defineConfig } from 'vitest/config';
import { UnitsLast } from './tests/helpers/units-last.ts';

/**
 * package.json's "imports" resolve to the sources, not to what was last built. Nothing more belongs here: the workers
 * get these as Node's own conditions, and "import" or "module" would hand ES modules to packages that \`require\`.
 */
const conditions = ['loa-source', 'node'];

const ALL = 'tests/{unit,integration,system,contract,browser}/**/*.test.ts';

/**
 * These watch what belongs to the whole process (requests to the disk that are under way), or stop and hold up a database
 * server: each gets a process of its own. All others share the modules that their worker has loaded, for loading them anew
 * takes a quarter of the time of the whole run.
 */
const ALONE = [
  'tests/unit/disk-idle.test.ts',
  'tests/unit/agent/{downloads,owed-writes}.test.ts',
  'tests/integration/agent/**/*.test.ts',
  'tests/integration/backup/{archive,restore,postgresql}.test.ts',
  'tests/integration/http/urgent-acts-postgres.test.ts',
  'tests/integration/plans/postgres-owner.test.ts',
  'tests/integration/storage/**/*.test.ts',
  'tests/integration/test-postgres.test.ts',
  'tests/contract/**/*.test.ts',
  'tests/system/**/*.test.ts',
  'tests/browser/**/*.test.ts',
];

const common = {
  environment: 'node',
  // Much is made and thrown away at once; with little room for it a fifth of the processor time went into clearing up.
  execArgv: ['--max-semi-space-size=32'],
  setupFiles: ['tests/helpers/setup.ts'],
  // Ends what hangs, and says nothing of speed. Longer than `until` waits, which names what did not come.
  testTimeout: 60_000,
  hookTimeout: 90_000,
};
const resolution = { resolve: { conditions }, ssr: { resolve: { conditions } } };

export default defineConfig({
  ...resolution,
  test: {
    // Processes of their own: tests kill, fill disks and load native modules.
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: UnitsLast },
    // Once for both projects, which therefore do not extend all of this.
    globalSetup: ['tests/helpers/global-setup.ts'],
    reporters: ['default', './tests/helpers/summary-reporter.ts'],
    projects: [
      {
        ...resolution,
        test: { ...common, name: 'shared', include: [ALL], exclude: ALONE, isolate: false, pool: 'forks' },
      },
      { ...resolution, test: { ...common, name: 'alone', include: ALONE, pool: 'forks' } },
    ],
  },
});

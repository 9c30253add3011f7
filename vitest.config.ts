import { defineConfig } from 'vitest/config';

/**
 * package.json's "imports" resolve to the sources, not to what was last built. Nothing more belongs here: the workers
 * get these as Node's own conditions, and "import" or "module" would hand ES modules to packages that \`require\`.
 */
const conditions = ['loa-source', 'node'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['tests/{unit,integration,system,contract,browser}/**/*.test.ts'],
    environment: 'node',
    // Processes of their own: tests kill, fill disks and load native modules.
    pool: 'forks',
    maxWorkers: 2,
    globalSetup: ['tests/helpers/global-setup.ts'],
    setupFiles: ['tests/helpers/setup.ts'],
    reporters: ['default', './tests/helpers/summary-reporter.ts'],
    testTimeout: 20_000,
    hookTimeout: 40_000,
  },
});

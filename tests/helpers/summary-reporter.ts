import type { Reporter, SerializedError, TestModule, TestSuite, Vitest } from 'vitest/node';

/**
 * Ends every run with what a person or a script looks for first: the skipped tests by name, the seed with which
 * property tests can be run again, and as the very last line `N passed, N failed, N skipped`.
 */
export default class SummaryReporter implements Reporter {
  #seed: number | undefined;
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    this.#seed = this.#vitest?.getRootProject().getProvidedContext().seed;
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    const skipped: string[] = [];
    for (const module of modules) {
      if (hasOwnErrors(module)) counts.failed += 1;
      for (const suite of module.children.allSuites()) if (hasOwnErrors(suite)) counts.failed += 1;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') counts.passed += 1;
        else if (state === 'failed') counts.failed += 1;
        else {
          counts.skipped += 1;
          skipped.push(`${module.relativeModuleId} > ${test.fullName}`);
        }
      }
    }
    const lines = skipped.map((name) => `skipped: ${name}`);
    if (this.#seed !== undefined) lines.push(`seed of the property tests: LOA_TEST_SEED=${this.#seed}`);
    lines.push(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
    process.stdout.write(`${lines.join('\n')}\n`);
  }
}

/** A file that does not load, or a hook that throws: its tests did not run, which is no mere skip. */
function hasOwnErrors(container: TestModule | TestSuite): boolean {
  return container.errors().length > 0;
}

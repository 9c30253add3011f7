/** Runs before every test file: one seed for the whole run, so that a failing property can be run again. */
import fc from 'fast-check';
import { inject } from 'vitest';

fc.configureGlobal({ seed: inject('seed') });

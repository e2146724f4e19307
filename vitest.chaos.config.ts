import { defineConfig } from 'vitest/config';
import { packageAlias } from './vitest.config.js';

/** The full counts of faults: long runs, one file at a time, so that no run starves another. */
export default defineConfig({
  resolve: { alias: packageAlias },
  test: {
    include: ['test/chaos/**/*.chaos.ts'],
    pool: 'forks',
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 20 * 60_000,
    hookTimeout: 60_000,
  },
});

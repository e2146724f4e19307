import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { docsPrograms } from './test/docs/programs-plugin.js';
import { LongestFirst } from './test/setup/longest-first.js';

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

/** Tests and examples import the package by its name and get the sources. */
export const packageAlias = [
  { find: /^app-kernel$/, replacement: source('index.ts') },
  { find: /^app-kernel\/(orm|jobs|testing|browser)$/, replacement: source('$1/index.ts') },
];

export default defineConfig({
  plugins: [docsPrograms()],
  resolve: { alias: packageAlias },
  test: {
    include: ['test/**/*.test.ts'],
    // A suite over servers has no test where there is none; npm test names the backends that were left out.
    passWithNoTests: true,
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    testTimeout: 15_000,
    hookTimeout: 30_000,
  },
});

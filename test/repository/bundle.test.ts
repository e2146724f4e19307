import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
const ENTRIES = ['index', 'orm/index', 'jobs/index', 'testing/index', 'cli/main'];

/** Every script that Node may load from the package. */
const SCRIPTS = readdirSync(DIST, { recursive: true, encoding: 'utf8' }).filter(
  (path) => path.endsWith('.js') && !/^(\.modules|browser|features\/docs\/assets)\//.test(path),
);

describe('the code of the package', () => {
  it('is in few files', () => {
    expect(SCRIPTS).toEqual(expect.arrayContaining(ENTRIES.map((entry) => `${entry}.js`)));
    expect(SCRIPTS.length).toBeLessThan(60);
  });

  it('keeps the names by which classes and functions are known, also where two modules have the same', () => {
    const code = SCRIPTS.map((path) => readFileSync(join(DIST, path), 'utf8')).join('\n');
    const renamed = [...code.matchAll(/(?:class|function\*?) (\w+)\$\d+/g)].map(([, name]) => name);
    expect(renamed.length).toBeGreaterThan(3);
    for (const name of renamed) expect(code).toMatch(new RegExp(`__name\\((this|${name}\\$\\d+), "${name}"\\)`));
  });

  it('has maps that lead to the sources', () => {
    const chunks = SCRIPTS.filter((path) => path.startsWith('chunks/') && !path.includes('rolldown-runtime'));
    for (const chunk of chunks) {
      const { sources, sourcesContent } = JSON.parse(readFileSync(join(DIST, `${chunk}.map`), 'utf8'));
      expect(sources.length, chunk).toBeGreaterThan(0);
      for (const source of sources) expect(source).toMatch(/^\.\.\/\.\.\/src\/.+\.ts$/);
      for (const text of sourcesContent) expect(text).toEqual(expect.any(String));
    }
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';

const IMPORT = /import \{([^}]+)\} from '([^']*\/scripts\/[^']+)'/g;

/** Nothing else runs benchmarks, so that one would break unseen with what it shares with the tests. */
it('benchmarks import from scripts what is there', async () => {
  const files = readdirSync('benchmarks', { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.mjs') && !path.includes('node_modules'))
    .map((path) => join('benchmarks', path));
  const imports = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(IMPORT)].map(([, names = '', from = '']) => ({ file, names, from })),
  );
  expect(imports.length).toBeGreaterThan(5);
  for (const { file, names, from } of imports) {
    const target = pathToFileURL(resolve(file, '..', from)).href;
    const there = Object.keys((await import(target)) as object);
    for (const name of names.split(',').map((part) => part.trim())) expect(there, `${file}: ${name}`).toContain(name);
  }
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { transfer } from '../../examples/orm-script/main.js';
import { ROOT } from '../service/setup/child.js';
import { freshFolder, releaseServices, sqliteUrl } from '../service/setup/fresh-service.js';

const EXAMPLES = join(ROOT, 'examples');

afterEach(releaseServices);

function readmeSnippets(): string[] {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  return [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code ?? '');
}

function exampleSources(): Map<string, string> {
  const files = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.startsWith('dist') && !file.endsWith('.d.ts'),
  );
  return new Map(files.map((file) => [file, readFileSync(join(EXAMPLES, file), 'utf8')]));
}

function inlined(source: string): string {
  return INLINED.reduce((code, [example, snippet]) => code.replace(example, snippet), source);
}

/** Code without comments, layout, and what a snippet leaves out of a file that is also imported by tests. */
function essence(code: string): string[] {
  return code
    .replace(/\/\/.*$/gm, '')
    .replace(/\s+/g, ' ')
    .replace(/,(?= [)\]}])/g, '')
    .replace(/([([{]) | ([)\]}])/g, '$1$2')
    .split(/(?<=;|\{|\})\s*/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '' && !/^[{}]+;?$/.test(statement));
}

/** Where an example is a function that tests call, a snippet is the bare script. */
const INLINED: ReadonlyArray<readonly [example: string, snippet: string]> = [
  ['connect(url, ', "connect('sqlite:./bank.db', "],
  ['const versions = await ', 'await '],
];

/** How many statements of `snippet` a file has, in the snippet's order. */
function shared(snippet: string[], file: string[]): { found: number; missing: string[] } {
  let from = 0;
  const missing: string[] = [];
  for (const statement of snippet) {
    const at = file.indexOf(statement, from);
    if (at < 0) missing.push(statement);
    else from = at + 1;
  }
  return { found: snippet.length - missing.length, missing };
}

describe('a snippet of the README', () => {
  const sources = exampleSources();

  it('exists', () => {
    expect(readmeSnippets().length).toBeGreaterThanOrEqual(2);
  });

  for (const [index, snippet] of readmeSnippets().entries()) {
    it(`is a compiled example (${index + 1}: ${snippet.split('\n').find((line) => line.startsWith('class')) ?? ''})`, () => {
      const wanted = essence(snippet);
      const best = [...sources]
        .map(([file, source]) => ({ file, ...shared(wanted, essence(inlined(source))) }))
        .sort((left, right) => right.found - left.found)[0];

      expect(best?.missing, `compared with examples/${best?.file}`).toEqual([]);
    });
  }
});

describe('the twelve-line service', () => {
  it('is no longer than it says', () => {
    const [snippet = ''] = readmeSnippets();
    const lines = snippet.split('\n').filter((line) => line.trim() !== '');
    expect(lines.length).toBeLessThanOrEqual(13);
  });

  it('runs', async () => {
    process.env.APP_ENV = 'test';
    const folder = freshFolder();
    const home = process.cwd();
    process.chdir(folder);
    try {
      const { service } = await import('../../examples/twelve-lines/main.js');
      await service.ready();
      expect(await (await service.inject('/api/v1/notes')).json()).toEqual([]);
      await service.close();
    } finally {
      process.chdir(home);
    }
  });
});

describe('the ORM script', () => {
  it('moves the money and keeps every version', async () => {
    expect(await transfer()).toEqual(['2: Ada had 70', '1: Ada had 100']);
  });

  it('does so in a file as well', async () => {
    expect(await transfer(sqliteUrl(freshFolder(), 'bank.db'))).toHaveLength(2);
  });
});

import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readStamp, writeStamp } from '../../scripts/steps/stamp.mjs';

describe('the build stamp', () => {
  let root: string;
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const unit = { inputs: ['src', 'package.json'], out: 'dist' };
  const isFresh = () => {
    const { inputsMatch, outputMatches } = readStamp(root, unit);
    return inputsMatch && outputMatches;
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'app-kernel-stamp-'));
    write('package.json', '{}');
    write('src/a.ts', 'one');
    write('src/deep/b.ts', 'two');
    write('dist/a.js', 'made of one');
    write('dist/.tsbuildinfo', 'notes');
    writeStamp(root, unit);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('is fresh while nothing has changed', () => {
    expect(isFresh()).toBe(true);
  });

  it('is fresh after a checkout that changes only the times of files', () => {
    utimesSync(join(root, 'src/a.ts'), new Date(0), new Date(0));
    expect(isFresh()).toBe(true);
  });

  it('is stale once a byte of a source differs', () => {
    write('src/deep/b.ts', 'twO');
    expect(isFresh()).toBe(false);
  });

  it('is stale once a file is added', () => {
    write('src/c.ts', '');
    expect(isFresh()).toBe(false);
  });

  it('is stale once a file is removed', () => {
    rmSync(join(root, 'src/a.ts'));
    expect(isFresh()).toBe(false);
  });

  it('is stale once text moves from one file to its neighbour', () => {
    write('src/a.ts', 'on');
    write('src/deep/b.ts', 'etwo');
    expect(isFresh()).toBe(false);
  });

  it('is stale where nothing was ever built', () => {
    rmSync(join(root, 'dist'), { recursive: true });
    expect(isFresh()).toBe(false);
  });

  it('is stale once somebody else wrote to what was built', () => {
    write('dist/a.js', 'made of something else');
    expect(isFresh()).toBe(false);
  });

  it('is stale once a part of what was built is gone', () => {
    rmSync(join(root, 'dist/a.js'));
    expect(isFresh()).toBe(false);
  });

  it('is fresh when the program has left a file of its own there', () => {
    write('dist/data/shop.db', 'rows');
    expect(isFresh()).toBe(true);
  });

  it('is fresh when only the compiler’s own notes differ', () => {
    write('dist/.tsbuildinfo', 'other notes');
    expect(isFresh()).toBe(true);
  });

  it('does not look at what was built or installed among the sources', () => {
    write('src/dist/a.js', 'built');
    write('src/node_modules/x/index.js', 'installed');
    expect(isFresh()).toBe(true);
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reportFileLengths } from '../../scripts/steps/file-lengths.mjs';

describe('the report of file lengths', () => {
  let root: string;
  const write = (name: string, lines: number) => writeFileSync(join(root, 'src', name), 'line;\n'.repeat(lines));

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'app-kernel-lengths-'));
    mkdirSync(join(root, 'src'));
    write('small.ts', 10);
    write('medium.ts', 250);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('passes in silence up to 250 lines', () => {
    write('large.ts', 250);
    expect(reportFileLengths(root, ['src'])).toEqual({
      lines: ['3 files in src: median 250 lines (goal < 120), longest 250'],
      passes: true,
    });
  });

  it('warns from 251 lines and passes up to 350', () => {
    write('large.ts', 350);
    const { lines, passes } = reportFileLengths(root, ['src']);
    expect(lines.slice(1)).toEqual(['warning: src/large.ts has 350 lines; split it: the cap is 350']);
    expect(passes).toBe(true);
  });

  it('fails from 351 lines', () => {
    write('large.ts', 351);
    const { lines, passes } = reportFileLengths(root, ['src']);
    expect(lines.slice(1)).toEqual(['error: src/large.ts has 351 lines; the cap is 350']);
    expect(passes).toBe(false);
  });

  it('counts code alone', () => {
    write('words.txt', 5000);
    expect(reportFileLengths(root, ['src']).passes).toBe(true);
  });
});

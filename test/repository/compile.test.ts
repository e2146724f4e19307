import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyAssets, removeOrphans } from '../../scripts/steps/compile.mjs';

describe('what compiling leaves in dist', () => {
  let root: string;
  let source: string;
  let out: string;
  const write = (...paths: string[]) => {
    for (const path of paths) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), path);
    }
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'app-kernel-compile-'));
    source = join(root, 'src');
    out = join(root, 'dist');
    write('src/a.ts', 'src/jobs/claim.lua', 'dist/a.js', 'dist/a.js.map', 'dist/a.d.ts', 'dist/.tsbuildinfo');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('has the scripts and pages that lie beside the code', () => {
    copyAssets(source, out);
    expect(readFileSync(join(out, 'jobs/claim.lua'), 'utf8')).toBe('src/jobs/claim.lua');
    expect(existsSync(join(out, 'a.ts'))).toBe(false);
  });

  it('loses what a removed source had left, folder and all', () => {
    write('dist/old/gone.js', 'dist/old/gone.d.ts', 'dist/old/gone.js.map');
    removeOrphans(source, out);
    expect(existsSync(join(out, 'old'))).toBe(false);
  });

  it('keeps what no compiler wrote', () => {
    write('dist/shop/data/shop.db');
    removeOrphans(source, out);
    expect(existsSync(join(out, 'shop/data/shop.db'))).toBe(true);
  });

  it('keeps what has a source, and the compiler’s own notes', () => {
    copyAssets(source, out);
    removeOrphans(source, out);
    for (const file of ['a.js', 'a.js.map', 'a.d.ts', '.tsbuildinfo', 'jobs/claim.lua']) {
      expect(existsSync(join(out, file)), file).toBe(true);
    }
  });
});

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadEnvHierarchy } from '../../../src/service/env/index.js';

describe('.env files', () => {
  let grandparent: string;
  let parent: string;
  let sibling: string;

  beforeEach(() => {
    grandparent = mkdtempSync(join(tmpdir(), 'app-kernel-env-'));
    parent = join(grandparent, 'parent');
    sibling = join(parent, 'service');
    mkdirSync(sibling, { recursive: true });
  });
  afterEach(() => rmSync(grandparent, { recursive: true }));

  const put = (directory: string, name: string, content: string): void => writeFileSync(join(directory, name), content);

  it('rank: what is set, sibling, parent, grandparent; within a directory .env.{env} over .env', () => {
    const names = ['SET', 'SIBLING_ENV', 'SIBLING', 'PARENT_ENV', 'PARENT', 'GRAND_ENV', 'GRAND'];
    const from = (place: string, first: number): string =>
      names
        .filter((_name, index) => index >= 0 && index <= first)
        .map((name) => `${name}=${place}`)
        .join('\n');
    put(grandparent, '.env', from('grandparent .env', 6));
    put(grandparent, '.env.uat', from('grandparent .env.uat', 5));
    put(parent, '.env', from('parent .env', 4));
    put(parent, '.env.uat', from('parent .env.uat', 3));
    put(sibling, '.env', from('sibling .env', 2));
    put(sibling, '.env.uat', from('sibling .env.uat', 1));
    const variables = { APP_ENV: 'uat', SET: 'the system' };
    const files = loadEnvHierarchy({ rootDir: sibling, variables });
    expect(variables).toEqual({
      APP_ENV: 'uat',
      SET: 'the system',
      SIBLING_ENV: 'sibling .env.uat',
      SIBLING: 'sibling .env',
      PARENT_ENV: 'parent .env.uat',
      PARENT: 'parent .env',
      GRAND_ENV: 'grandparent .env.uat',
      GRAND: 'grandparent .env',
    });
    expect(files).toEqual([
      join(sibling, '.env.uat'),
      join(sibling, '.env'),
      join(parent, '.env.uat'),
      join(parent, '.env'),
      join(grandparent, '.env.uat'),
      join(grandparent, '.env'),
    ]);
  });

  it('keep a variable that is set to nothing', () => {
    put(sibling, '.env', 'EMPTY=filled');
    const variables = { EMPTY: '' };
    loadEnvHierarchy({ rootDir: sibling, variables });
    expect(variables.EMPTY).toBe('');
  });

  it('are those of the environment as it was before any file was read', () => {
    put(sibling, '.env', 'ENV=dev');
    put(sibling, '.env.dev', 'FROM=dev');
    put(sibling, '.env.prod', 'FROM=prod');
    const variables: Record<string, string | undefined> = {};
    loadEnvHierarchy({ rootDir: sibling, variables });
    expect(variables).toEqual({ ENV: 'dev', FROM: 'prod' });
  });

  it('understand quotes, comments and export', () => {
    put(sibling, '.env', '# comment\nexport A="two words" # more\nB=\'single # quoted\'\nC=\nD=a=b\n');
    const variables = {};
    loadEnvHierarchy({ rootDir: sibling, variables });
    expect(variables).toEqual({ A: 'two words', B: 'single # quoted', C: '', D: 'a=b' });
  });

  it('may be missing, or be a directory', () => {
    mkdirSync(join(parent, '.env'));
    expect(loadEnvHierarchy({ rootDir: sibling, variables: {} })).toEqual([]);
  });

  it('cannot be picked outside the three directories', () => {
    put(grandparent, '.env.evil', 'A=1');
    put(grandparent, 'evil', 'A=1');
    const variables: Record<string, string | undefined> = { ENV: '/../../../evil' };
    expect(loadEnvHierarchy({ rootDir: sibling, variables })).toEqual([]);
    expect(variables.A).toBeUndefined();
  });

  if (process.getuid?.() !== 0) {
    it('are named when they cannot be read', () => {
      put(sibling, '.env', 'A=1');
      chmodSync(join(sibling, '.env'), 0o000);
      expect(() => loadEnvHierarchy({ rootDir: sibling, variables: {} })).toThrow(/EACCES/);
    });
  }
});

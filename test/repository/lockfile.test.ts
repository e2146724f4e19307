import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { completeLockfile, lockfiles } from '../../scripts/steps/complete-lockfile.mjs';

const lockOf = (optionalDependencies: object, more: object = {}) => ({
  packages: {
    '': {},
    'node_modules/tool': { version: '2.0.0', dev: true, license: 'MIT', optionalDependencies },
    ...more,
  },
});

describe.each(lockfiles())('%s', (file) => {
  it('names the binaries of every system, so that npm ci takes it on each of them', () => {
    const lock = JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'));
    expect(completeLockfile(lock), 'node scripts/complete-lockfile.mjs mends it').toEqual([]);
  });
});

describe('completing a lockfile', () => {
  it('adds what is missing with its exact version and its platform', () => {
    const lock = lockOf({ '@tool/linux-x64-musl': '2.0.0', 'tool-darwin-arm64': '2.0.1' });
    expect(completeLockfile(lock)).toEqual(['node_modules/@tool/linux-x64-musl', 'node_modules/tool-darwin-arm64']);
    expect(lock.packages).toMatchObject({
      'node_modules/@tool/linux-x64-musl': {
        version: '2.0.0',
        os: ['linux'],
        cpu: ['x64'],
        libc: ['musl'],
        optional: true,
        dev: true,
      },
      'node_modules/tool-darwin-arm64': { version: '2.0.1', os: ['darwin'], cpu: ['arm64'], optional: true },
    });
  });

  it('leaves alone what is there, at the top or beside the package that wants it', () => {
    const present = { 'node_modules/tool-linux-x64': {}, 'node_modules/tool/node_modules/tool-win32-x64': {} };
    const lock = lockOf({ 'tool-linux-x64': '2.0.0', 'tool-win32-x64': '2.0.0' }, present);
    expect(completeLockfile(lock)).toEqual([]);
  });

  it('guesses neither a version nor a platform', () => {
    expect(() => completeLockfile(lockOf({ 'tool-linux-x64': '^2.0.0' }))).toThrow('not as one version');
    expect(() => completeLockfile(lockOf({ extras: '2.0.0' }))).toThrow('does not say which systems');
  });
});

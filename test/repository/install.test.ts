import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { installFault } from '../../scripts/steps/install.mjs';

const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));
const LOCKED = {
  '': {},
  'node_modules/koa': { version: '3.0.0' },
  'node_modules/for-mac': { version: '1.0.0', optional: true },
};

describe('whether an install is needed', () => {
  let root: string;
  const write = (path: string, content: unknown) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
  };
  const lock = (packages: object) => write('package-lock.json', { packages });
  const install = (packages: object) => write('node_modules/.package-lock.json', { packages });

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'app-kernel-install-'));
    write('package.json', {});
    mkdirSync(join(root, 'node_modules'));
    for (const native of ['better-sqlite3', 'bindings', 'file-uri-to-path', 'bcrypt', 'node-gyp-build']) {
      symlinkSync(join(MODULES, native), join(root, 'node_modules', native));
    }
    lock(LOCKED);
    install({ 'node_modules/koa': { version: '3.0.0' } });
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('is answered with no when all packages are there, those for other systems apart', () => {
    expect(installFault(root)).toBeUndefined();
  });

  it('is answered with yes without node_modules', () => {
    rmSync(join(root, 'node_modules'), { recursive: true });
    expect(installFault(root)).toBe('nothing is installed yet');
  });

  it('is answered with yes when the lockfile wants another version', () => {
    lock({ ...LOCKED, 'node_modules/koa': { version: '3.0.1' } });
    expect(installFault(root)).toBe('koa is not at 3.0.1');
  });

  it('is answered with yes when the lockfile has a new package', () => {
    lock({ ...LOCKED, 'node_modules/zod': { version: '4.0.0' } });
    expect(installFault(root)).toBe('zod is not at 4.0.0');
  });

  it('is answered with yes when a native module does not load in this Node', () => {
    rmSync(join(root, 'node_modules/better-sqlite3'));
    write('node_modules/better-sqlite3/index.js', "throw new Error('compiled against another Node');");
    expect(installFault(root)).toBe('a native module does not fit this Node: compiled against another Node');
  });

  it('names the mend when the lockfile is missing', () => {
    rmSync(join(root, 'package-lock.json'));
    expect(() => installFault(root)).toThrow('git checkout package-lock.json');
  });
});

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Imports `specifier` in a process of its own, after everything in `dist/` was built, and answers which npm packages that
 * loaded. CommonJS modules are read from Node's cache, ES modules from the loader's hook.
 */
export async function loadedPackages(specifier: string): Promise<string[]> {
  const args = ['--no-warnings', '--input-type=module', '--eval', PROGRAM];
  const options = { cwd: ROOT, env: { ...process.env, SPECIFIER: specifier } };
  const { stdout } = await promisify(execFile)(process.execPath, args, options);
  const names = stdout.split('\n').map((path) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}

const HOOK = `
import { writeSync } from 'node:fs';
export async function load(url, context, next) {
  writeSync(1, url + '\\n');
  return next(url, context);
}`;

const PROGRAM = `
import { createRequire, register } from 'node:module';
register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(HOOK)}));
await import(process.env.SPECIFIER);
const { cache } = createRequire(process.cwd() + '/package.json');
console.log('\\n' + Object.keys(cache).join('\\n'));
process.exit();
`;

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { readFile, watch } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { Refusal, ROOT, say } from './project.mjs';
import { filesBelow } from './stamp.mjs';

/** What users import or run. */
const ENTRIES = ['index', 'orm/index', 'jobs/index', 'testing/index', 'cli/main'];

/** Rooms that the project's own benchmarks, and tests that kill a process, import from dist/. */
const ROOMS = [
  'base/ports',
  'features/audit/index',
  'features/jobs/outbox',
  'features/metering/index',
  'http/index',
  'redis/index',
  'reliability/index',
  'telemetry/index',
];

const DIST = join(ROOT, 'dist');
/** Where the compiler writes a file for each module. */
const MODULES = join(DIST, '.modules');
/** Scripts for browsers stand alone, and nothing loads them into Node. */
const FOR_BROWSERS = /\/dist\/(browser|features\/docs\/assets)\//;

/** The compiler writes what belongs together within this time, ms. */
const QUIET_MS = 200;

/**
 * Puts the compiled modules together in as few files as the entries allow: from a file for each, Node takes a third longer
 * to start a service. What one engine or one option needs stays a file of its own, which is loaded with it.
 */
export async function writeBundle() {
  const { rolldown } = await import('rolldown'); // may not be installed yet when this module is loaded
  const bundle = await rolldown(INPUT);
  const { output } = await bundle.write(OUTPUT);
  await bundle.close();
  assertPackages(output);
  const written = new Set(output.map(({ fileName }) => join(DIST, fileName)));
  for (const file of filesBelow(DIST)) {
    if (/\.js(\.map)?$/.test(file) && !written.has(file) && !FOR_BROWSERS.test(file)) rmSync(file);
  }
}

/** The same, whenever the compiler has written modules. */
export async function watchBundle() {
  let pause;
  for await (const { filename } of watch(MODULES, { recursive: true })) {
    if (!filename?.endsWith('.js')) continue;
    clearTimeout(pause);
    pause = setTimeout(() => writeBundle().catch((error) => say(error.message)), QUIET_MS);
  }
}

/** A module with its map, so that the map of the bundle shows what was written and not what was compiled. */
async function load(file) {
  if (!existsSync(`${file}.map`)) return null;
  const [code, map] = await Promise.all([readFile(file, 'utf8'), readFile(`${file}.map`, 'utf8')]);
  return { code, map };
}

/** @throws Refusal where one imports a package that users would not have. */
function assertPackages(chunks) {
  const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const files = chunks.map(({ fileName }) => fileName);
  const packages = Object.keys({ ...dependencies, ...peerDependencies });
  for (const { imports = [], dynamicImports = [] } of chunks) {
    for (const id of [...imports, ...dynamicImports]) {
      const isPackage = packages.some((name) => id === name || id.startsWith(`${name}/`));
      if (isPackage || isBuiltin(id) || files.includes(id)) continue;
      throw new Refusal(`src/ imports ${id}, which is no dependency of the package`);
    }
  }
}

const INPUT = {
  cwd: ROOT,
  input: Object.fromEntries([...ENTRIES, ...ROOMS].map((entry) => [entry, join(MODULES, `${entry}.js`)])),
  platform: 'node',
  external: (id) => !/^[./]/.test(id),
  plugins: [{ name: 'maps', load }],
};

const OUTPUT = {
  dir: DIST,
  format: 'esm',
  sourcemap: true,
  keepNames: true, // entities, errors and tasks are known by the names of their classes and functions
  entryFileNames: '[name].js',
  chunkFileNames: 'chunks/[name]-[hash].js',
};

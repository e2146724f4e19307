import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { writeBrowserScript } from './browser-script.mjs';
import { writeBundle } from './bundle.mjs';
import { runTool } from './command.mjs';
import { Refusal, ROOT, say } from './project.mjs';
import { COMPILED, filesBelow, readStamp, writeStamp } from './stamp.mjs';

const SETTINGS = ['package.json', 'package-lock.json', 'tsconfig.base.json'];

/** Swagger UI is a development dependency: users get the two files that the docs page loads, with their licence. */
const VENDORED = {
  from: 'node_modules/swagger-ui-dist',
  to: 'dist/features/docs/assets',
  files: ['swagger-ui-bundle.js', 'swagger-ui-bundle.js.LICENSE.txt', 'swagger-ui.css', 'LICENSE', 'NOTICE'],
};

/** What is compiled from where to where; the examples see the library as its users do, by its declarations in dist/. */
const LIBRARY = {
  source: 'src',
  projects: ['tsconfig.build.json', 'tsconfig.browser.json'],
  out: 'dist',
  notes: 'dist/.modules/.tsbuildinfo',
  inputs: [
    'src',
    'tsconfig.build.json',
    'tsconfig.browser.json',
    'scripts/steps/browser-script.mjs',
    'scripts/steps/bundle.mjs',
    ...SETTINGS,
  ],
  afterwards: async () => {
    copyVendored();
    await writeBundle();
    await writeBrowserScript(ROOT);
  },
};

const EXAMPLES = {
  source: 'examples',
  projects: ['examples/tsconfig.json'],
  out: 'examples/dist',
  notes: 'examples/dist/.tsbuildinfo',
  inputs: ['examples', 'src', ...SETTINGS],
};

/** Compiles src/ to dist/ unless dist/ was made from exactly these files; answers whether it had to. */
export function ensureLibrary() {
  return ensureCompiled(LIBRARY);
}

/** Whether dist/ was made from exactly the present sources. */
export function isLibraryBuilt() {
  const { inputsMatch, outputMatches } = readStamp(ROOT, LIBRARY);
  return inputsMatch && outputMatches;
}

/** Compiles examples/ to examples/dist/; needs the library. */
export function ensureExamples() {
  return ensureCompiled(EXAMPLES);
}

async function ensureCompiled(unit) {
  const { inputsMatch, outputMatches } = readStamp(ROOT, unit);
  if (inputsMatch && outputMatches) return false;
  say(`Compiling ${unit.source}.`);
  const [source, out] = [join(ROOT, unit.source), join(ROOT, unit.out)];
  // The compiler believes its notes and would not write again what somebody else changed or removed.
  if (!outputMatches) rmSync(join(ROOT, unit.notes), { force: true });
  for (const project of unit.projects) {
    const code = await runTool('typescript/bin/tsc', ['-p', project]);
    if (code !== 0) throw new Refusal(`${unit.source} does not compile (see above)`);
  }
  copyAssets(source, out);
  removeOrphans(source, out);
  await unit.afterwards?.();
  writeStamp(ROOT, unit);
  return true;
}

function copyVendored() {
  const target = join(ROOT, VENDORED.to);
  mkdirSync(target, { recursive: true });
  for (const file of VENDORED.files) copyFileSync(join(ROOT, VENDORED.from, file), join(target, file));
}

/** Lua scripts, pages and lists lie beside the code that reads them, in dist/ too. */
export function copyAssets(source, out) {
  for (const file of filesBelow(source).filter((path) => !isTypeScript(path))) {
    const target = join(out, relative(source, file));
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(file, target);
  }
}

/** What a removed source left behind would still be found by an import and go into the package. */
export function removeOrphans(source, out) {
  for (const file of filesBelow(out).filter((path) => COMPILED.test(path))) {
    const path = relative(out, file);
    const origins = [path, path.replace(COMPILED, '.ts')];
    if (!origins.some((origin) => existsSync(join(source, origin)))) removeWithEmptyFolders(file, out);
  }
}

function removeWithEmptyFolders(file, top) {
  rmSync(file);
  for (let folder = dirname(file); folder !== top && readdirSync(folder).length === 0; folder = dirname(folder)) {
    rmSync(folder, { recursive: true });
  }
}

function isTypeScript(path) {
  return path.endsWith('.ts') || path.endsWith('tsconfig.json');
}

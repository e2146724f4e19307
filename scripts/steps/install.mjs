import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { findBinary } from '../servers/child-server.mjs';
import { run } from './command.mjs';
import { Refusal, ROOT, say } from './project.mjs';

const PROGRESS_MS = 10_000;

const COMPILER_MEND = `Two dependencies hold native code (better-sqlite3, bcrypt). Where no ready-made binary fits, npm compiles
  them and needs python3, make and a C++ compiler:
    Debian, Ubuntu   sudo apt-get install -y build-essential python3
    Fedora           sudo dnf install -y gcc-c++ make python3
    Alpine           apk add build-base python3
    macOS            xcode-select --install`;

/** Why node_modules does not fit the lockfile and this Node; undefined when it does. */
export function installFault(root = ROOT) {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const present = packagesOf(join(root, 'node_modules/.package-lock.json'));
  if (!wanted)
    throw new Refusal('package-lock.json is missing or unreadable; restore it: git checkout package-lock.json');
  if (!present) return 'nothing is installed yet';
  return differenceOf(wanted, present) ?? nativeFault(root);
}

function packagesOf(lockfile) {
  try {
    return JSON.parse(readFileSync(lockfile, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function differenceOf(wanted, present) {
  for (const [path, { version, optional }] of Object.entries(wanted)) {
    if (path === '') continue;
    const installed = present[path];
    if (!installed && optional) continue; // optional packages are those of other systems
    if (installed?.version !== version) return `${path.replace(/^node_modules\//, '')} is not at ${version}`;
  }
  return undefined;
}

/** A native module compiled for another Node (after a change of version) fails only when it is opened. */
function nativeFault(root) {
  const load = createRequire(join(root, 'package.json'));
  try {
    new (load('better-sqlite3'))(':memory:').close();
    load('bcrypt');
    return undefined;
  } catch (error) {
    return `a native module does not fit this Node: ${error.message.split('\n')[0]}`;
  }
}

/** Installs from the lockfile unless node_modules fits it already; answers whether it had to. */
export async function ensureInstalled() {
  const fault = installFault();
  if (!fault) return false;
  say(`Installing from package-lock.json (${fault}).`);
  say('Native modules compile on the first install; this takes a minute or two.');
  if (!hasCompiler()) say(`No C++ compiler found. ${COMPILER_MEND}`);
  await install();
  return true;
}

function hasCompiler() {
  const has = (...names) => findBinary(...names) !== undefined;
  return has('python3') && has('make') && has('g++', 'c++', 'clang++');
}

async function install() {
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1000);
  const progress = setInterval(() => say(`still installing (${seconds()} s) …`), PROGRESS_MS);
  const code = await run('npm', ['ci', '--no-audit', '--no-fund'], { env: { ...headersOfThisNode(), NODE_ENV: '' } });
  clearInterval(progress);
  if (code !== 0) throw new Refusal(`npm ci failed with exit code ${code} (see above).\n  ${COMPILER_MEND}`);

  const fault = installFault();
  if (fault) throw new Refusal(`The install is incomplete: ${fault}.\n  ${COMPILER_MEND}`);
  say(`Installed in ${seconds()} s.`);
}

/** Node's own headers, where they were shipped with it: node-gyp then need not download them. */
function headersOfThisNode() {
  const prefix = dirname(dirname(process.execPath));
  try {
    const header = readFileSync(join(prefix, 'include/node/node_version.h'), 'utf8');
    const [major, minor, patch] = process.versions.node.split('.');
    const fits =
      header.includes(`#define NODE_MAJOR_VERSION ${major}\n`) &&
      header.includes(`#define NODE_MINOR_VERSION ${minor}\n`) &&
      header.includes(`#define NODE_PATCH_VERSION ${patch}\n`);
    return fits ? { npm_config_nodedir: prefix } : {};
  } catch {
    return {};
  }
}

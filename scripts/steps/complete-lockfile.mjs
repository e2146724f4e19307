import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './project.mjs';

/** What the parts of a platform package's name say about where it runs, in the words of package.json. */
const OS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const CPU = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'];
const LIBC = { gnu: 'glibc', gnueabihf: 'glibc', musl: 'musl', musleabihf: 'musl' };

/**
 * Adds to a parsed package-lock.json the platform packages that it lacks; answers their paths.
 *
 * npm leaves an optional package out of the lockfile where the registry does not carry it, as a mirror may not carry the
 * binaries of other systems, and `npm ci` then refuses that very lockfile everywhere. With its version, which the package
 * that wants it pins exactly, and its platform, the entry is complete: npm skips it on other systems unfetched.
 */
export function completeLockfile(lock) {
  const added = [];
  for (const [path, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (isLocked(lock, path, name)) continue;
      const place = `node_modules/${name}`;
      lock.packages[place] = platformEntry(name, version, entry);
      added.push(place);
    }
  }
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
  return added;
}

/** The project's own, and those of what its benchmarks compare with. */
export function lockfiles() {
  const benchmarks = readdirSync(join(ROOT, 'benchmarks')).map((name) => `benchmarks/${name}/package-lock.json`);
  return ['package-lock.json', ...benchmarks.filter((file) => existsSync(join(ROOT, file)))];
}

/** Node's own resolution: beside the package that asks, then outwards. */
function isLocked(lock, path, name) {
  for (let folder = path; folder !== ''; folder = folder.replace(/(^|\/)node_modules\/(?!.*node_modules\/).*$/, '')) {
    if (lock.packages[`${folder}/node_modules/${name}`]) return true;
  }
  return lock.packages[`node_modules/${name}`] !== undefined;
}

function platformEntry(name, version, { dev, license }) {
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    throw new Error(`${name} is wanted as "${version}", not as one version`);
  const parts = name.split(/[-/]/);
  const pick = (known) => known.filter((word) => parts.includes(word));
  const os = pick(OS);
  const cpu = pick(CPU);
  const libc = Object.keys(LIBC).filter((word) => parts.includes(word));
  if (os.length + cpu.length === 0) throw new Error(`The name ${name} does not say which systems it is for`);
  return {
    version,
    ...(cpu.length > 0 && { cpu }),
    ...(dev && { dev }),
    ...(os.includes('linux') && libc.length > 0 && { libc: libc.map((word) => LIBC[word]) }),
    ...(license && { license }),
    optional: true,
    ...(os.length > 0 && { os }),
  };
}

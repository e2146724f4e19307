import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { KernelSettings } from '../../service/settings/settings.js';
import { type Finding, fault, ok, reasonOf, warning } from './finding.js';

const OLDEST_NODE = [20, 19] as const;
const MB = 1024 * 1024;
/** Backups and audit scripts stop the service from migrating when there is no room for them. */
const LEAST_MB = 100;
const ENOUGH_MB = 1_024;

/** Node itself, and the disk where the service keeps its files. */
export async function checkMachine({ database: { dataDir } }: KernelSettings): Promise<Finding[]> {
  return [nodeFinding(process.versions.node), await diskFinding(dataDir)];
}

export function nodeFinding(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isNewEnough = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  if (isNewEnough) return ok('node', version);
  return fault('node', `${version} is too old`, `Run Node ${OLDEST_NODE.join('.')} or newer`);
}

async function diskFinding(dataDir: string): Promise<Finding> {
  try {
    const folder = await existingFolder(resolve(dataDir));
    await access(folder, constants.W_OK);
    const { bavail, bsize } = await statfs(folder);
    return spaceFinding(dataDir, (bavail * bsize) / MB);
  } catch (error) {
    const mend = 'Make it a folder that the user of the service may write, or set another dataDir';
    return fault('disk', `${dataDir} cannot be used (${reasonOf(error)})`, mend);
  }
}

export function spaceFinding(dataDir: string, freeMb: number): Finding {
  const message = `${Math.floor(freeMb).toLocaleString('en')} MB are free for ${dataDir}`;
  if (freeMb >= ENOUGH_MB) return ok('disk', message);
  const mend = 'Make room, or have fewer backups kept (backupRetention)';
  return freeMb >= LEAST_MB ? warning('disk', message, mend) : fault('disk', message, mend);
}

/** The folder itself, or the one in which it would be made. */
async function existingFolder(folder: string): Promise<string> {
  try {
    await access(folder);
    return folder;
  } catch (error) {
    const parent = dirname(folder);
    if (parent === folder) throw error;
    return existingFolder(parent);
  }
}

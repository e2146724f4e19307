import { createHash } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { randomToken } from '../../../base/ids.js';

const PREFIX = '.unfinished_';
const NAME = /^\.unfinished_([0-9a-f]{8})_(\d+)_/;
/** Machines and containers may share a folder, and the number of a process means something on its own machine alone. */
const HOST = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
const STALE_MS = 24 * 3600 * 1000;

/** A name for what this process is writing: no list shows it. */
export function unfinishedName(what: string): string {
  return `${PREFIX}${HOST}_${process.pid}_${what}_${randomToken(6)}`;
}

/** Where a backup goes that is being removed; whoever comes next may go on with that. */
export function removedName(name: string): string {
  return `${PREFIX}${HOST}_0_removed_${name}`;
}

/** Removes what a process that died has left behind, once nobody can be writing it any more. */
export async function removeLeftovers(folder: string): Promise<void> {
  for (const entry of await readdir(folder)) {
    if (!entry.startsWith(PREFIX)) continue;
    const [, host, pid] = NAME.exec(entry) ?? [];
    const path = join(folder, entry);
    const found = await stat(path).catch(() => undefined);
    const isLeft = host === HOST && !isAlive(Number(pid));
    if (found && (isLeft || Date.now() - found.mtimeMs > STALE_MS)) await rm(path, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

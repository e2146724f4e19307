import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BackupRetention } from './backup-options.js';
import { removedName } from './files/unfinished.js';
import type { BackupEntry } from './list-backups.js';

const DAY_MS = 86_400_000;

/**
 * The backups that may go: those that no rule keeps. The newest one that has not failed its verification always stays, and
 * so does the newest one that has passed it.
 * @param entries newest first.
 * @param made what has just been made: where a clock was set back, older ones look newer.
 */
export function expired(
  entries: readonly BackupEntry[],
  { count, days }: BackupRetention,
  now: number,
  made: string,
): BackupEntry[] {
  if (count === undefined && days === undefined) return [];
  const safe = [
    entries.find(({ verification }) => verification !== 'failed'),
    entries.find(({ verification }) => verification === 'verified'),
  ];
  return entries.filter((entry, index) => {
    const isNew = count !== undefined && index < count;
    const isYoung = days !== undefined && now - Date.parse(entry.createdAt) <= days * DAY_MS;
    return !isNew && !isYoung && entry.name !== made && !safe.includes(entry);
  });
}

/** Takes a backup off the list first, so that a half removed one is never taken for a whole one. */
export async function removeBackup({ path, name, native }: BackupEntry): Promise<void> {
  if (path === null) return;
  const hidden = join(dirname(path), removedName(name));
  await rename(path, hidden);
  await rm(hidden, { recursive: true, force: true });
  if (native !== null) await rm(native, { force: true });
}

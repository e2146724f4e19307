import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Manifest } from '../manifest/manifest.js';
import { BackupCorruptError } from '../manifest/read-manifest.js';

/** What is wrong with the files of a backup; nothing for one that is whole. */
export async function findDamage(folder: string, { name, tables }: Manifest): Promise<string[]> {
  const faults: string[] = [];
  for (const { file, bytes, sha256 } of tables) {
    const path = join(folder, name, file);
    const found = await lstat(path).catch(() => undefined);
    if (!found?.isFile()) faults.push(`${file} is missing`);
    else if (found.size !== bytes) faults.push(`${file} has ${found.size} bytes instead of ${bytes}`);
    else if ((await sumOf(path)) !== sha256) faults.push(`${file} does not have the checksum that was noted`);
  }
  return faults;
}

/** @throws BackupCorruptError that names every file that is not what was backed up. */
export async function assertWhole(folder: string, manifest: Manifest): Promise<void> {
  const faults = await findDamage(folder, manifest);
  if (faults.length > 0) throw new BackupCorruptError(`${manifest.name} is damaged: ${faults.join('; ')}`);
}

async function sumOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

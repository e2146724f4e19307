import { createReadStream } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { BackupCorruptError } from '../manifest/backup-corrupt-error.js';
import type { BackupKey } from '../seal/backup-key.js';
import { Sealer } from '../seal/sealer.js';
import { unsealed } from '../seal/unsealed.js';

const SEALED = '.sealed';
const READ_BYTES = 256 * 1024;

/** Where backups are on this machine, and how. */
export interface Shelf {
  readonly folder: string;
  /** Opens the files that are sealed. */
  readonly key?: BackupKey | undefined;
  /** Whether what is written is sealed. */
  readonly seals?: boolean;
}

/** A file of a backup: plain, or sealed beside its name. */
export interface ShelvedFile {
  readonly path: string;
  readonly isSealed: boolean;
  /** As they lie on the disk. */
  readonly bytes: number;
}

export function sealedName(file: string): string {
  return `${file}${SEALED}`;
}

/** Where a file of this name is to be written, and what seals it. */
export function placeFor({ key, seals }: Shelf, folder: string, file: string): { path: string; sealer?: Sealer } {
  if (!seals || !key) return { path: join(folder, file) };
  return { path: join(folder, sealedName(file)), sealer: new Sealer(key, file) };
}

/** The file in a folder, which is no link: one could lead to any place of the machine. */
export async function findFile(folder: string, file: string): Promise<ShelvedFile | undefined> {
  for (const name of [file, sealedName(file)]) {
    const path = join(folder, name);
    const found = await lstat(path).catch(absent);
    if (!found) continue;
    if (!found.isFile()) throw new BackupCorruptError(`${name} is a link, or no file`);
    return { path, isSealed: name !== file, bytes: found.size };
  }
  return undefined;
}

/** What a file says, opened where it is sealed. @param file the name that it was written by. */
export function readFileOf({ key }: Shelf, { path, isSealed }: ShelvedFile, file: string): AsyncIterable<Buffer> {
  const source = createReadStream(path, { highWaterMark: READ_BYTES });
  return isSealed ? unsealed(source, key, file) : source;
}

function absent({ code }: NodeJS.ErrnoException): undefined {
  if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
  throw new BackupCorruptError(`A file of the backup cannot be looked at: ${code}`);
}

import { join } from 'node:path';
import { isKernelError } from '../../../base/errors.js';
import { BackupCorruptError } from '../manifest/backup-corrupt-error.js';
import type { BackupFile, Manifest } from '../manifest/manifest.js';
import { nativeFileOf } from '../manifest/native-file.js';
import { BackupKeyError } from '../seal/backup-key.js';
import { sealedLength } from '../seal/sealed-format.js';
import { checked } from './checked.js';
import { findFile, readFileOf, type Shelf } from './shelf.js';

/** What is wrong with the files of a backup; nothing for one that is whole. */
export async function findDamage(shelf: Shelf, { name, tables }: Manifest): Promise<string[]> {
  const faults: string[] = [];
  for (const file of tables) faults.push(...(await faultOf(shelf, join(shelf.folder, name), file)));
  return faults;
}

/** What is wrong with what the engine's own tool wrote. A backup that was uploaded has none, which is no fault. */
export async function findNativeDamage(shelf: Shelf, manifest: Manifest): Promise<string[]> {
  const native = nativeFileOf(manifest);
  if (!native || !(await findFile(shelf.folder, native.file))) return [];
  return faultOf(shelf, shelf.folder, native);
}

/** @throws BackupCorruptError that names every file that is not what was backed up. */
export async function assertWhole(shelf: Shelf, manifest: Manifest): Promise<void> {
  const faults = await findDamage(shelf, manifest);
  if (faults.length > 0) throw new BackupCorruptError(`${manifest.name} is damaged: ${faults.join('; ')}`);
}

/** @throws BackupKeyError: a file that cannot be opened is no damaged one. */
async function faultOf(shelf: Shelf, folder: string, expected: BackupFile): Promise<string[]> {
  const { file, bytes } = expected;
  try {
    const found = await findFile(folder, file);
    if (!found) return [`${file} is missing`];
    const wanted = found.isSealed ? sealedLength(bytes) : bytes;
    if (found.bytes !== wanted) return [`${file} has ${found.bytes} bytes instead of ${wanted}`];
    for await (const _ of checked(readFileOf(shelf, found, file), file, expected));
    return [];
  } catch (error) {
    if (error instanceof BackupKeyError || !isKernelError(error)) throw error;
    return [error.message];
  }
}

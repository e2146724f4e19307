import { mkdir, rename, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ConflictError } from '../../../base/errors.js';
import { checked } from '../files/checked.js';
import { syncPath, writeDurably } from '../files/durable-files.js';
import { findFile, placeFor, readFileOf, type Shelf } from '../files/shelf.js';
import { sumOf } from '../files/sum.js';
import { unfinishedName } from '../files/unfinished.js';
import { VERIFICATION_FILE } from '../list-backups.js';
import { BackupCorruptError } from '../manifest/backup-corrupt-error.js';
import { isBackupName } from '../manifest/backup-name.js';
import { MANIFEST_FILE, type Manifest } from '../manifest/manifest.js';
import { manifestOf } from '../manifest/read-manifest.js';
import { BackupArchiveError } from './zip-format.js';
import { openZipEntry, readZipDirectory, type ZipEntry } from './zip-reader.js';
import { type ZipSource, zip } from './zip-writer.js';

/** A backup that came out of an archive. */
export interface ImportedBackup {
  readonly name: string;
  readonly files: number;
}

/** Room that an import leaves on the disk, bytes. */
const SPARED_BYTES = 256 * 1024 * 1024;

/** A backup as one ZIP, while it is written; what is sealed comes out plain. */
export async function packBackup(shelf: Shelf, manifest: Manifest): Promise<Readable> {
  const folder = join(shelf.folder, manifest.name);
  for (const { file } of manifest.tables)
    if (!(await findFile(folder, file))) throw new BackupCorruptError(`${file} is missing`);
  return Readable.from(zip(sourcesOf(shelf, manifest)));
}

async function* sourcesOf(shelf: Shelf, { name, tables }: Manifest): AsyncGenerator<ZipSource> {
  const folder = join(shelf.folder, name);
  const open = async (file: string): Promise<AsyncIterable<Buffer>> => {
    const found = await findFile(folder, file);
    if (!found) throw new BackupCorruptError(`${file} is missing`);
    return readFileOf(shelf, found, file);
  };
  const { bytes } = await sumOf(await open(MANIFEST_FILE));
  yield { name: `${name}/${MANIFEST_FILE}`, bytes, content: await open(MANIFEST_FILE) };
  for (const expected of tables)
    yield {
      name: `${name}/${expected.file}`,
      bytes: expected.bytes,
      content: checked(await open(expected.file), expected.file, expected),
    };
}

/**
 * Takes a backup out of a ZIP that anybody may have made: every name is one of a backup, every file has the length and the
 * checksum that its manifest notes, and nothing is written that the disk has no room for.
 * @throws BackupArchiveError, BackupCorruptError, ConflictError where a backup of that name is there.
 */
export async function unpackBackup(shelf: Shelf, path: string): Promise<ImportedBackup> {
  const { name, files } = filesOf(await readZipDirectory(path));
  const source = await openZipEntry(path, entryOf(files, MANIFEST_FILE));
  const manifest = await manifestOf(source, name);
  const wanted = [MANIFEST_FILE, VERIFICATION_FILE, ...manifest.tables.map(({ file }) => file)];
  const stranger = [...files.keys()].find((file) => !wanted.includes(file));
  if (stranger) throw new BackupArchiveError(`Invalid path in ZIP: ${shown(`${name}/${stranger}`)}`);
  await mkdir(shelf.folder, { recursive: true, mode: 0o700 });
  await assertRoom(shelf.folder, manifest);
  if (await isTaken(shelf, name)) throw new ConflictError(`There is a backup ${name} already`);
  const work = join(shelf.folder, unfinishedName('unpacked'));
  await mkdir(work, { mode: 0o700 });
  try {
    for (const expected of manifest.tables) {
      const content = await openZipEntry(path, entryOf(files, expected.file));
      await writeDurably(placeFor(shelf, work, expected.file), checked(content, expected.file, expected));
    }
    await writeDurably(placeFor(shelf, work, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
    await syncPath(work);
    await rename(work, join(shelf.folder, name));
    await syncPath(shelf.folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return { name, files: manifest.tables.length + 1 };
}

/** The files of the one backup that an archive holds, by their names inside its folder. */
function filesOf(entries: readonly ZipEntry[]): { name: string; files: Map<string, ZipEntry> } {
  const all = entries.filter(({ name }) => !/^[^/\\]+\/$/.test(name));
  if (all.length === 0) throw new BackupArchiveError('ZIP is empty');
  const folders = new Set<string>();
  const files = new Map<string, ZipEntry>();
  for (const entry of all) {
    const [, folder = '', file = ''] = /^([^/\\\0]+)\/([\w-]{1,120}\.\w{1,8})$/.exec(entry.name) ?? [];
    if (!entry.isPlain || file === '' || files.has(file))
      throw new BackupArchiveError(`Invalid path in ZIP: ${shown(entry.name)}`);
    folders.add(folder);
    files.set(file, entry);
  }
  const [name = ''] = folders;
  if (folders.size !== 1 || !isBackupName(name))
    throw new BackupArchiveError('ZIP must contain a backup directory (csv_20260210_140000_a1b2c3d4) and nothing else');
  return { name, files };
}

function entryOf(files: ReadonlyMap<string, ZipEntry>, file: string): ZipEntry {
  const entry = files.get(file);
  if (entry) return entry;
  throw new BackupArchiveError(`${file} is not in the ZIP`);
}

/** A manifest may claim any length, and what it claims may be unpacked. */
async function assertRoom(folder: string, { tables }: Manifest): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const wanted = tables.reduce((sum, { bytes }) => sum + bytes, 0);
  if (wanted > bavail * bsize - SPARED_BYTES)
    throw new BackupArchiveError(`The backup would unpack to ${wanted} bytes, for which there is no room`);
}

async function isTaken(shelf: Shelf, name: string): Promise<boolean> {
  return (await findFile(join(shelf.folder, name), MANIFEST_FILE)) !== undefined;
}

/** What somebody wrote into an archive, as it may stand in an answer. */
function shown(name: string): string {
  return JSON.stringify(name.slice(0, 100)).slice(1, -1);
}

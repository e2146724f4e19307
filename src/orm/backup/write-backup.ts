import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type NativeBackup, NativeToolMissing } from '../dialect/native-backup.js';
import type { DatabaseCore } from '../session/database-core.js';
import type { Scope } from '../session/scope.js';
import type { Session } from '../session/session.js';
import { syncPath, writeDurably } from './files/durable-files.js';
import { placeFor, type Shelf } from './files/shelf.js';
import { sumOf } from './files/sum.js';
import { removeLeftovers, unfinishedName } from './files/unfinished.js';
import type { BackupPlace } from './list-backups.js';
import { backupName, timestampOf } from './manifest/backup-name.js';
import {
  type BackedUpTable,
  MANIFEST_FILE,
  type Manifest,
  manifestText,
  type NativeFile,
} from './manifest/manifest.js';
import { nativeFileOf, nativeName } from './manifest/native-file.js';
import { parseManifest } from './manifest/read-manifest.js';
import { exportTable } from './snapshot/export-table.js';
import { type BackupProgress, inSnapshot, takeSnapshot } from './snapshot/take-snapshot.js';

export interface BackupRequest {
  /** Hears how far the backup is. */
  onProgress?: (progress: BackupProgress) => void;
}

/** A backup that was made. */
export interface Backup {
  readonly name: string;
  /** `20260210_140000`, UTC. */
  readonly timestamp: string;
  /** The folder of the CSV files. */
  readonly path: string;
  /** The file of the engine's own tool; null where there is none. */
  readonly native: string | null;
  readonly tables: number;
  readonly rows: number;
  /** Whether it is in the store as well. */
  readonly places: readonly BackupPlace[];
}

const READ_BYTES = 256 * 1024;

/**
 * Writes a backup under a name that no list shows, makes it durable, and gives it its name last: whenever the machine
 * stops, what is listed is whole.
 */
export async function writeBackup(
  core: DatabaseCore,
  shelf: Shelf,
  { onProgress = () => {}, native = true }: BackupRequest & { native?: boolean },
): Promise<Backup> {
  const { folder } = shelf;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await removeLeftovers(folder);
  const work = join(folder, unfinishedName('backup'));
  const made = [work, `${work}.native`, `${work}.native.sealed`];
  try {
    return await inSnapshot(core, async (session) => {
      await rm(work, { recursive: true, force: true }); // of an earlier try
      await mkdir(work, { mode: 0o700 });
      const nativeFile = `${work}.native`;
      const dump = native ? await tryNative(session, core.native, nativeFile, onProgress) : undefined;
      const snapshot = await takeSnapshot(session, { shelf, folder: work }, onProgress);
      const createdAt = new Date(core.clock.now());
      const name = await freeName(folder, backupName(createdAt, snapshot.schemaHash));
      const manifest = {
        name,
        createdAt: createdAt.toISOString(),
        engine: core.dialect.name,
        ...snapshot,
        ...(dump && { native: await shelveNative(shelf, nativeFile, name, dump.extension, made) }),
      };
      await publish(shelf, work, manifest);
      onProgress({ phase: 'done', tables: { done: snapshot.tables.length, of: snapshot.tables.length } });
      return describe(shelf, manifest);
    });
  } catch (error) {
    for (const path of made) await rm(path, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
}

/** Gives what lies in the folder `work` its name, now that it is whole. */
async function publish(shelf: Shelf, work: string, manifest: Omit<Manifest, 'format'>): Promise<void> {
  const text = manifestText(manifest);
  parseManifest(text, manifest.name); // what could not be read again would be no backup
  await writeDurably(placeFor(shelf, work, MANIFEST_FILE), text);
  await syncPath(work);
  await rename(work, join(shelf.folder, manifest.name));
  await syncPath(shelf.folder);
}

/**
 * Writes the tables of the backup `former` once more, as they are now.
 * @param names what the tables are called by now.
 */
export async function writeBackupAgain(
  scope: Scope,
  shelf: Shelf,
  { native: _, ...former }: Manifest,
  names: ReadonlyMap<string, string>,
): Promise<Backup> {
  const work = join(shelf.folder, unfinishedName('backup'));
  try {
    await mkdir(work, { mode: 0o700 });
    const tables: BackedUpTable[] = [];
    for (const [at, table] of former.schema.entries()) {
      const file = { shelf, folder: work, name: former.tables[at]?.file ?? '' };
      const written = await exportTable(scope, { ...table, name: names.get(table.name) ?? table.name }, file);
      tables.push({ ...written, table: table.name });
    }
    const createdAt = new Date(scope.core.clock.now());
    const name = await freeName(shelf.folder, backupName(createdAt, former.schemaHash));
    const manifest = { ...former, name, createdAt: createdAt.toISOString(), tables };
    await publish(shelf, work, manifest);
    return describe(shelf, manifest);
  } catch (error) {
    await rm(work, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
}

function describe(shelf: Shelf, manifest: Omit<Manifest, 'format'>): Backup {
  const { name, tables } = manifest;
  const native = nativeFileOf(manifest);
  return {
    name,
    timestamp: timestampOf(name),
    path: join(shelf.folder, name),
    native: native ? placeFor(shelf, shelf.folder, native.file).path : null,
    tables: tables.length,
    rows: tables.reduce((sum, { rows }) => sum + rows, 0),
    places: ['local'],
  };
}

/** Gives the engine's own file its name and notes what is in it; a sealed one is written anew. */
async function shelveNative(
  shelf: Shelf,
  path: string,
  name: string,
  extension: string,
  made: string[],
): Promise<NativeFile> {
  const file = `${nativeName(name)}.${extension}`;
  const place = placeFor(shelf, shelf.folder, file);
  made.push(place.path);
  const source: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: READ_BYTES });
  if (!place.sealer) {
    const summed = { extension, ...(await sumOf(source)) };
    await rename(path, place.path);
    return summed;
  }
  await rm(`${path}.sealed`, { force: true });
  const written = await writeDurably({ path: `${path}.sealed`, sealer: place.sealer }, source);
  await rename(`${path}.sealed`, place.path);
  await rm(path);
  return { extension, ...written };
}

/** What the engine's tool cannot do is no reason to have no backup: the CSV is complete by itself. */
async function tryNative(
  session: Session,
  native: NativeBackup | undefined,
  path: string,
  onProgress: (progress: BackupProgress) => void,
): Promise<NativeBackup | undefined> {
  if (!native) return undefined;
  onProgress({ phase: 'native', tables: { done: 0, of: 0 } });
  try {
    await rm(path, { force: true });
    await native.write(path, session);
    await syncPath(path);
    return native;
  } catch (error) {
    await rm(path, { force: true });
    const what =
      error instanceof NativeToolMissing ? error.message : 'The native backup failed; the CSV backup is complete';
    session.core.logger.warn({ err: error }, what);
    return undefined;
  }
}

/** Two backups of one second differ by a number. */
async function freeName(folder: string, name: string): Promise<string> {
  const taken = new Set(await readdir(folder));
  for (let count = 0; ; count++) {
    const candidate = count === 0 ? name : `${name}_${count}`;
    if (!taken.has(candidate)) return candidate;
  }
}

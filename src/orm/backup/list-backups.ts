import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../base/ports.js';
import type { Shelf } from './files/shelf.js';
import { isBackupName, timestampOf } from './manifest/backup-name.js';
import type { Manifest } from './manifest/manifest.js';
import { nativeName } from './manifest/native-file.js';
import { readManifest } from './manifest/read-manifest.js';

export type Verification = 'verified' | 'failed' | 'not verified';

/** The folder of this machine, or what `backupStore` names. */
export type BackupPlace = 'local' | 'store';

/** A backup that is complete. */
export interface BackupEntry {
  readonly name: string;
  /** `20260210_140000`, UTC. */
  readonly timestamp: string;
  /** ISO text. */
  readonly createdAt: string;
  readonly engine: string;
  readonly schemaHash: string;
  /** The fingerprint of the newest migration that the database had; null where there was none. */
  readonly migration: string | null;
  readonly tables: number;
  readonly rows: number;
  /** Where it is. */
  readonly places: readonly BackupPlace[];
  /** The folder on this machine; null for one that only the store has. */
  readonly path: string | null;
  /** The file of the engine's own tool on this machine. */
  readonly native: string | null;
  readonly verification: Verification;
}

export const VERIFICATION_FILE = 'verification.json';

/** Every backup that is complete, newest first. */
export async function listBackups(shelf: Shelf, logger: Logger): Promise<BackupEntry[]> {
  const names = await readdir(shelf.folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const entries: BackupEntry[] = [];
  for (const name of names.filter(isBackupName)) {
    try {
      entries.push(await describe(shelf, name, names));
    } catch (error) {
      logger.warn({ err: error, backup: name }, 'A backup cannot be read and is not listed');
    }
  }
  return entries.sort(newestFirst);
}

export function newestFirst(a: BackupEntry, b: BackupEntry): number {
  return `${a.createdAt} ${a.name}` < `${b.createdAt} ${b.name}` ? 1 : -1;
}

/** One list of what is in two places. What is here tells more: its paths, and the newer verification. */
export function mergedBackups(here: readonly BackupEntry[], there: readonly BackupEntry[]): BackupEntry[] {
  const known = new Map(here.map((entry) => [entry.name, entry]));
  const stored = new Set(there.map(({ name }) => name));
  const both = here.map(
    (entry): BackupEntry => (stored.has(entry.name) ? { ...entry, places: ['local', 'store'] } : entry),
  );
  return [...both, ...there.filter(({ name }) => !known.has(name))].sort(newestFirst);
}

async function describe(shelf: Shelf, name: string, names: readonly string[]): Promise<BackupEntry> {
  const manifest = await readManifest(shelf, name);
  const path = join(shelf.folder, name);
  const native = names.find((file) => file.startsWith(`${nativeName(name)}.`));
  return {
    ...entryOf(manifest),
    places: ['local'],
    path,
    native: native === undefined ? null : join(shelf.folder, native),
    verification: verificationOf(await readFile(join(path, VERIFICATION_FILE), 'utf8').catch(() => undefined)),
  };
}

/** What a manifest tells of its backup. */
export function entryOf({ name, createdAt, engine, schemaHash, migration, tables }: Manifest) {
  return {
    name,
    timestamp: timestampOf(name),
    createdAt,
    engine,
    schemaHash,
    migration,
    tables: tables.length,
    rows: tables.reduce((sum, { rows }) => sum + rows, 0),
  };
}

/** @param text the note that a verification leaves. */
export function verificationOf(text: string | undefined): Verification {
  if (text === undefined) return 'not verified';
  try {
    return (JSON.parse(text) as { verified: unknown }).verified === true ? 'verified' : 'failed';
  } catch {
    return 'not verified';
  }
}

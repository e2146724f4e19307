import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../base/ports.js';
import { isBackupName, timestampOf } from './manifest/backup-name.js';
import { readManifest } from './manifest/read-manifest.js';

export type Verification = 'verified' | 'failed' | 'not verified';

/** A backup on disk. */
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
  readonly path: string;
  /** The file of the engine's own tool. */
  readonly native: string | null;
  readonly verification: Verification;
}

export const VERIFICATION_FILE = 'verification.json';

/** Every backup that is complete, newest first. */
export async function listBackups(folder: string, logger: Logger): Promise<BackupEntry[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const entries: BackupEntry[] = [];
  for (const name of names.filter(isBackupName)) {
    try {
      entries.push(await describe(folder, name, names));
    } catch (error) {
      logger.warn({ err: error, backup: name }, 'A backup cannot be read and is not listed');
    }
  }
  const age = ({ createdAt, name }: BackupEntry): string => `${createdAt} ${name}`;
  return entries.sort((a, b) => (age(a) < age(b) ? 1 : -1));
}

async function describe(folder: string, name: string, names: readonly string[]): Promise<BackupEntry> {
  const { createdAt, engine, schemaHash, migration, tables } = await readManifest(folder, name);
  const native = names.find((file) => file.startsWith(`${nativeName(name)}.`));
  return {
    name,
    timestamp: timestampOf(name),
    createdAt,
    engine,
    schemaHash,
    migration,
    tables: tables.length,
    rows: tables.reduce((sum, { rows }) => sum + rows, 0),
    path: join(folder, name),
    native: native === undefined ? null : join(folder, native),
    verification: await readVerification(join(folder, name)),
  };
}

/** The name of the file that the engine's own tool writes, without its extension. */
export function nativeName(name: string): string {
  return name.replace(/^csv/, 'native');
}

async function readVerification(path: string): Promise<Verification> {
  try {
    const { verified } = JSON.parse(await readFile(join(path, VERIFICATION_FILE), 'utf8')) as { verified: unknown };
    return verified === true ? 'verified' : 'failed';
  } catch {
    return 'not verified';
  }
}

import { createHash } from 'node:crypto';
import { canonicalJson } from '../../entity/codec.js';
import type { StoredTable } from './description.js';

export const MANIFEST_FILE = 'manifest.json';
export const MANIFEST_FORMAT = 1;

/** One file of a backup, and how to know that it is whole. */
export interface BackupFile {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface BackedUpTable extends BackupFile {
  readonly table: string;
  readonly rows: number;
}

/** What a backup says of itself: enough to check it and to make the database again without the code of its time. */
export interface Manifest {
  readonly format: typeof MANIFEST_FORMAT;
  readonly name: string;
  /** ISO text. */
  readonly createdAt: string;
  readonly engine: string;
  /** Fingerprint of `schema`. */
  readonly schemaHash: string;
  readonly schema: readonly StoredTable[];
  readonly tables: readonly BackedUpTable[];
  /** Whether the newest migration of the database is complete, and what it is called. */
  readonly migration: string | null;
}

export function schemaHash(schema: readonly StoredTable[]): string {
  return createHash('sha256').update(canonicalJson(schema)).digest('hex');
}

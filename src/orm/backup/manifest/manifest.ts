import { createHash } from 'node:crypto';
import { canonicalJson } from '../../entity/codec.js';
import type { StoredTable } from './description.js';

export const MANIFEST_FILE = 'manifest.json';
/** The first one had no checksum of its own. */
export const MANIFEST_FORMATS = [1, 2] as const;

/** One file of a backup, and how to know that it is whole. */
export interface BackupFile {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface BackedUpTable extends BackupFile {
  readonly table: string;
  readonly rows: number;
  /** Of columns that number rows, as far as it is known: the largest number that was given, as digits. */
  readonly counters?: Readonly<Record<string, string>>;
}

/** What the engine's own tool wrote. */
export interface NativeFile extends Omit<BackupFile, 'file'> {
  readonly extension: string;
}

/** What a backup says of itself: enough to check it and to make the database again without the code of its time. */
export interface Manifest {
  readonly format: (typeof MANIFEST_FORMATS)[number];
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
  readonly native?: NativeFile;
  /** SHA-256 of everything else in it. */
  readonly sha256?: string;
}

export function schemaHash(schema: readonly StoredTable[]): string {
  return createHash('sha256').update(canonicalJson(schema)).digest('hex');
}

/** A manifest as it is written. */
export function manifestText(manifest: Omit<Manifest, 'format' | 'sha256'>): string {
  const content = { ...manifest, format: 2 } as const;
  return `${JSON.stringify({ ...content, sha256: manifestSum(content) }, null, 2)}\n`;
}

export function manifestSum({ sha256: _, ...content }: Manifest): string {
  return createHash('sha256').update(canonicalJson(content)).digest('hex');
}

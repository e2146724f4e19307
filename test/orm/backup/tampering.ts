import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Manifest, manifestText } from '../../../src/orm/backup/manifest/manifest.js';

/** Changes a file of a backup as somebody would who knows how its checksums are made. @returns how it was before. */
export async function tamper(
  path: string,
  file: string,
  change: (text: string) => string,
): Promise<() => Promise<void>> {
  const [csv, notes] = [join(path, file), join(path, 'manifest.json')];
  const before = [await readFile(csv, 'utf8'), await readFile(notes, 'utf8')] as const;
  const text = change(before[0]);
  const manifest = JSON.parse(before[1]) as Manifest;
  const changed = { bytes: Buffer.byteLength(text), sha256: createHash('sha256').update(text).digest('hex') };
  const tables = manifest.tables.map((table) => (table.file === file ? { ...table, ...changed } : table));
  await writeFile(csv, text);
  await writeFile(notes, manifestText({ ...manifest, tables }));
  return async () => {
    await writeFile(csv, before[0]);
    await writeFile(notes, before[1]);
  };
}

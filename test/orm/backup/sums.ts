import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Checksums of the CSV files of a backup. */
export async function sums(path: string): Promise<Record<string, string>> {
  const files = (await readdir(path)).filter((file) => file.endsWith('.csv')).sort();
  const entries = files.map(async (file) => {
    const bytes = await readFile(join(path, file));
    return [file, createHash('sha256').update(bytes).digest('hex')] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Writes a file that only its owner can read. @returns its path. */
export type WriteSecret = (name: string, content: string | Uint8Array) => Promise<string>;

/** Lends `work` a folder for secrets, which goes when it ends. */
export async function withSecretFiles<T>(work: (write: WriteSecret) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'app-kernel-secret-'));
  try {
    return await work(async (name, content) => {
      const path = join(folder, name);
      await writeFile(path, content, { mode: 0o600, flag: 'wx' });
      return path;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

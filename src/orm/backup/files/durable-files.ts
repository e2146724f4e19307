import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { BackupFile } from '../manifest/manifest.js';

/** Every byte of it is counted and summed while it is written; `finish` puts it on the disk for good. */
export class DurableFile {
  readonly #handle: FileHandle;
  readonly #hash = createHash('sha256');
  #bytes = 0;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Only its owner may read it: a backup holds everything. */
  static async create(path: string): Promise<DurableFile> {
    return new DurableFile(await open(path, 'wx', 0o600));
  }

  async write(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    for (let at = 0; at < bytes.length; ) at += (await this.#handle.write(bytes, at)).bytesWritten;
  }

  async finish(): Promise<Omit<BackupFile, 'file'>> {
    await this.#handle.sync();
    await this.#handle.close();
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }

  /** After a failure: what was written is of no use. */
  async abandon(): Promise<void> {
    await this.#handle.close().catch(() => {});
  }
}

/** Writes a whole small file, durably. */
export async function writeDurably(path: string, text: string): Promise<void> {
  const file = await DurableFile.create(path);
  try {
    await file.write(text);
    await file.finish();
  } catch (error) {
    await file.abandon();
    throw error;
  }
}

/** Makes renames and new files inside a folder, or what another program wrote to a file, outlive a loss of power. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { BackupFile } from '../manifest/manifest.js';
import type { Sealer } from '../seal/sealer.js';

/** Every byte of it is counted and summed while it is written; `finish` puts it on the disk for good. */
export class DurableFile {
  readonly #handle: FileHandle;
  readonly #sealer: Sealer | undefined;
  readonly #hash = createHash('sha256');
  #bytes = 0;

  private constructor(handle: FileHandle, sealer: Sealer | undefined) {
    this.#handle = handle;
    this.#sealer = sealer;
  }

  /** Only its owner may read it: a backup holds everything. What is counted and summed is what `sealer` seals. */
  static async create({ path, sealer }: { path: string; sealer?: Sealer }): Promise<DurableFile> {
    return new DurableFile(await open(path, 'wx', 0o600), sealer);
  }

  async write(bytes: Buffer): Promise<void> {
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    await this.#put(this.#sealer ? this.#sealer.push(bytes) : [bytes]);
  }

  async finish(): Promise<Omit<BackupFile, 'file'>> {
    if (this.#sealer) await this.#put(this.#sealer.end());
    await this.#handle.sync();
    await this.#handle.close();
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }

  /** After a failure: what was written is of no use. */
  async abandon(): Promise<void> {
    await this.#handle.close().catch(() => {});
  }

  async #put(pieces: readonly Buffer[]): Promise<void> {
    for (const bytes of pieces)
      for (let at = 0; at < bytes.length; ) at += (await this.#handle.write(bytes, at)).bytesWritten;
  }
}

/** Writes a whole file, durably. */
export async function writeDurably(
  place: { path: string; sealer?: Sealer },
  content: string | AsyncIterable<Buffer>,
): Promise<Omit<BackupFile, 'file'>> {
  const file = await DurableFile.create(place);
  try {
    if (typeof content === 'string') await file.write(Buffer.from(content));
    else for await (const bytes of content) await file.write(bytes);
    return await file.finish();
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

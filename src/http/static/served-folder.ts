import { realpathSync, type Stats, statSync } from 'node:fs';
import { constants, type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { ConfigError } from '../../base/errors.js';

/** A file that is open for reading; whoever has it closes it. */
export interface ServedFile {
  handle: FileHandle;
  size: number;
  modifiedAt: Date;
  /** Another one for every other content. */
  etag: string;
}

/** What stands for "there is no such file", whatever the reason: a client need not tell them apart. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG', 'ELOOP', 'EACCES', 'EPERM', 'ENXIO', 'EINVAL']);

/** A folder whose files are served, and nothing outside it, by whatever links. */
export class ServedFolder {
  readonly #root: string;

  /** @throws ConfigError where there is no such folder. */
  constructor(folder: string) {
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
      const mend = 'Name a folder that exists when the service starts';
      throw new ConfigError('Files cannot be served:', [{ field: folder, fault: 'is not a folder', mend }]);
    }
    this.#root = realpathSync(folder);
  }

  /** Opens the file that `names` lead to. Undefined where there is none, or where it lies outside or is hidden. */
  async open(names: readonly string[], suffix = ''): Promise<ServedFile | undefined> {
    const path = await this.#locate(names, suffix);
    if (path === undefined) return undefined;
    // The path has no link in it, and one that was put there meanwhile is not followed; nor is a pipe waited for.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const handle = await unlessAbsent(open(path, flags));
    const stats = await handle?.stat({ bigint: true });
    if (handle && stats?.isFile()) {
      const etag = `"${stats.size.toString(36)}-${stats.mtimeNs.toString(36)}${suffix.replace('.', '-')}"`;
      return { handle, size: Number(stats.size), modifiedAt: stats.mtime, etag };
    }
    await handle?.close();
    return undefined;
  }

  async isFolder(names: readonly string[]): Promise<boolean> {
    return (await this.#stat(names))?.isDirectory() ?? false;
  }

  async isFile(names: readonly string[]): Promise<boolean> {
    return (await this.#stat(names))?.isFile() ?? false;
  }

  async #stat(names: readonly string[]): Promise<Stats | undefined> {
    const path = await this.#locate(names, '');
    return path === undefined ? undefined : unlessAbsent(stat(path));
  }

  async #locate(names: readonly string[], suffix: string): Promise<string | undefined> {
    const path = await unlessAbsent(realpath(join(this.#root, ...names) + suffix));
    if (path === undefined) return undefined;
    const inside = relative(this.#root, path).split(sep);
    return inside.some((name) => name.startsWith('.')) ? undefined : path;
  }
}

async function unlessAbsent<T>(access: Promise<T>): Promise<T | undefined> {
  try {
    return await access;
  } catch (error) {
    if (ABSENT.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

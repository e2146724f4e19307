import { randomToken } from '../../base/ids.js';
import type { CacheBackend } from './cache-backend.js';
import type { StoredEntry } from './stored-entry.js';

export type TagVersions = Readonly<Record<string, string>>;

/** A tag that nobody has asked for in this long is forgotten, and with it what it was put on. */
const TAG_TTL_SECONDS = 7 * 86_400;

/**
 * The version of each tag, under a key of its own: an entry is valid while its tags have the versions that they had
 * before it was computed. So to invalidate a tag is one deletion, however many entries carry it; versions are random,
 * so that one that was forgotten never comes back.
 */
export class TagBook {
  readonly #backend: CacheBackend;

  constructor(backend: CacheBackend) {
    this.#backend = backend;
  }

  /** The versions to put on an entry that is about to be computed. */
  async versionsOf(tags: readonly string[]): Promise<TagVersions> {
    const versions = await Promise.all(tags.map(async (tag) => [tag, await this.#versionOf(tag)] as const));
    return Object.fromEntries(versions);
  }

  async isValid({ tags }: StoredEntry): Promise<boolean> {
    if (!tags) return true;
    const checks = Object.entries(tags).map(async ([tag, version]) => (await this.#find(tag)) === version);
    return (await Promise.all(checks)).every(Boolean);
  }

  async invalidate(tags: readonly string[]): Promise<void> {
    await Promise.all(tags.map((tag) => this.#backend.delete(keyOf(tag))));
  }

  /** Of two that give a tag a version at once the last one wins; what the other put it on is computed once more. */
  async #versionOf(tag: string): Promise<string> {
    const found = await this.#find(tag);
    if (found !== null) return found;
    const version = randomToken(9);
    await this.#backend.set(keyOf(tag), version, TAG_TTL_SECONDS);
    return version;
  }

  async #find(tag: string): Promise<string | null> {
    return (await this.#backend.get(keyOf(tag))) as string | null;
  }
}

/** No key that a caller gives begins with a single `~`. */
function keyOf(tag: string): string {
  return `~tag:${tag}`;
}

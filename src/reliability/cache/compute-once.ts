import { jittered } from '../../base/backoff.js';
import { currentContext, runInContext, withoutContext } from '../../base/context.js';
import { sleep } from '../../base/sleep.js';
import type { CacheBackend, CacheClaim } from './cache-backend.js';
import { encodeValue } from './cache-codec.js';
import { readEntry, type StoredEntry, writeEntry } from './stored-entry.js';
import type { TagBook, TagVersions } from './tag-versions.js';

/** One value to be had from the cache, or computed. */
export interface Computation {
  backend: CacheBackend;
  tagBook: TagBook;
  key: string;
  factory: () => Promise<unknown>;
  ttlSeconds?: number;
  cacheNull?: boolean;
  /** How long after `ttlSeconds` it may still be handed out while one caller computes it anew. */
  staleSeconds?: number;
  /** The versions of its tags. */
  tags?: TagVersions;
  now(): number;
  /** A cache that fails costs a computation, never the answer. */
  onFault(error: unknown): void;
}

/** A crashed instance holds up the others no longer than this. */
const LEASE_SECONDS = 30;
const POLL_MS = 25;
/** Longest wait for another instance, ms; after it the value is computed here and not stored. */
const PATIENCE_MS = 10_000;

/** The encoded value: stored, or computed by whoever gets the lease. */
export async function computeOnce(computation: Computation): Promise<string> {
  const { backend, key, now, onFault } = computation;
  const claim = await claimOrWait(computation).catch((error: unknown) => {
    onFault(error);
    return undefined;
  });
  if (claim?.state === 'hit') {
    const { text, freshUntil } = readEntry(claim.text);
    if (freshUntil !== undefined && freshUntil <= now()) refreshLater(computation, claim.text);
    return text;
  }
  if (claim?.state !== 'leased') return encodeValue(await computation.factory());
  let entry: string | undefined;
  try {
    const value = encodeValue(await computation.factory());
    if (isKept(computation, value)) entry = entryOf(computation, value);
    return value;
  } finally {
    await settle(backend, key, claim.lease, entry, lifeOf(computation)).catch(onFault);
  }
}

function isKept({ cacheNull }: Computation, text: string): boolean {
  return cacheNull === true || text !== 'null';
}

function entryOf({ tags, ttlSeconds, staleSeconds, now }: Computation, text: string): string {
  const ages = ttlSeconds !== undefined && staleSeconds !== undefined;
  return writeEntry({ text, ...(tags && { tags }), ...(ages && { freshUntil: now() + ttlSeconds * 1_000 }) });
}

function lifeOf({ ttlSeconds, staleSeconds = 0 }: Computation): number | undefined {
  return ttlSeconds === undefined ? undefined : ttlSeconds + staleSeconds;
}

async function settle(
  backend: CacheBackend,
  key: string,
  lease: string,
  entry: string | undefined,
  life: number | undefined,
): Promise<void> {
  if (entry === undefined) await backend.abandon(key, lease);
  else await backend.fill(key, lease, entry, life);
}

async function claimOrWait(computation: Computation): Promise<CacheClaim> {
  let claim = await claimCurrent(computation);
  for (let waited = 0; claim.state === 'busy' && waited < PATIENCE_MS; waited += POLL_MS) {
    await sleep(jittered(POLL_MS, 0.3));
    claim = await claimCurrent(computation);
  }
  return claim;
}

/** As `claim`, and what its tags have made void counts as missing. */
async function claimCurrent(computation: Computation): Promise<CacheClaim> {
  const { backend, key } = computation;
  const claim = await backend.claim(key, LEASE_SECONDS);
  if (claim.state !== 'hit' || (await isCurrent(computation, readEntry(claim.text)))) return claim;
  return backend.claim(key, LEASE_SECONDS, claim.text);
}

async function isCurrent({ tags, tagBook }: Computation, entry: StoredEntry): Promise<boolean> {
  if (!tags) return tagBook.isValid(entry);
  const names = Object.keys(tags);
  if (names.length !== Object.keys(entry.tags ?? {}).length) return false;
  return names.every((name) => entry.tags?.[name] === tags[name]);
}

/**
 * Computes `outdated` anew behind its readers' backs: one instance does, and only if nothing else has become of it
 * meanwhile. It must not inherit what ends with its caller (a transaction), only who the caller is.
 */
function refreshLater(computation: Computation, outdated: string): void {
  const context = currentContext();
  void withoutContext(() => runInContext(context, () => refresh(computation, outdated))).catch(computation.onFault);
}

async function refresh(computation: Computation, outdated: string): Promise<void> {
  const { backend, key } = computation;
  const turn = `~refresh:${key}`;
  const claim = await backend.claim(turn, LEASE_SECONDS);
  if (claim.state !== 'leased') return;
  try {
    if ((await backend.read(key)) !== outdated) return;
    const text = encodeValue(await computation.factory());
    const place = await backend.claim(key, LEASE_SECONDS, outdated);
    if (place.state !== 'leased') return;
    const entry = isKept(computation, text) ? entryOf(computation, text) : undefined;
    await settle(backend, key, place.lease, entry, lifeOf(computation));
  } finally {
    await backend.abandon(turn, claim.lease);
  }
}

import { jittered } from '../../base/backoff.js';
import { sleep } from '../../base/sleep.js';
import type { CacheBackend, CacheClaim } from './cache-backend.js';
import { encodeValue } from './cache-codec.js';

export interface ComputeOptions {
  ttlSeconds?: number;
  cacheNull?: boolean;
}

/** A crashed instance holds up the others no longer than this. */
const LEASE_SECONDS = 30;
const POLL_MS = 25;
/** Longest wait for another instance, ms; after it the value is computed here and not stored. */
const PATIENCE_MS = 10_000;

/**
 * The encoded value of `key`: stored, or computed by whoever gets the lease. A cache that fails is reported to
 * `onFault` and costs a computation, never the answer.
 */
export async function computeOnce(
  backend: CacheBackend,
  key: string,
  factory: () => Promise<unknown>,
  options: ComputeOptions,
  onFault: (error: unknown) => void,
): Promise<string> {
  const claim = await claimOrWait(backend, key).catch((error: unknown) => {
    onFault(error);
    return undefined;
  });
  if (claim?.state === 'hit') return claim.text;
  const lease = claim?.state === 'leased' ? claim.lease : undefined;
  let keep = false;
  try {
    const value = await factory();
    const text = encodeValue(value);
    keep = lease !== undefined && (options.cacheNull === true || (value !== null && value !== undefined));
    if (keep && lease !== undefined) await backend.fill(key, lease, text, options.ttlSeconds).catch(onFault);
    return text;
  } finally {
    if (!keep && lease !== undefined) await backend.abandon(key, lease).catch(onFault);
  }
}

async function claimOrWait(backend: CacheBackend, key: string): Promise<CacheClaim> {
  let claim = await backend.claim(key, LEASE_SECONDS);
  for (let waited = 0; claim.state === 'busy' && waited < PATIENCE_MS; waited += POLL_MS) {
    await sleep(jittered(POLL_MS, 0.3));
    claim = await backend.claim(key, LEASE_SECONDS);
  }
  return claim;
}

import { createRequire } from 'node:module';
import type { Pool } from 'undici';
import { CircuitBreaker, type CircuitState } from '../../base/circuit-breaker.js';
import { ConnectionError, TimeoutError } from '../../base/errors.js';
import { AddressGuard } from './address-guard.js';
import type { HostResolver } from './host-resolver.js';
import type { ResolvedHttpConfig } from './http-config.js';
import { HttpError } from './http-errors.js';

/** The connections to one origin, and whether it is worth asking. */
export interface Origin {
  pool: Pool;
  breaker: CircuitBreaker;
}

interface Entry extends Origin {
  origin: string;
  users: number;
  idle: NodeJS.Timeout | undefined;
}

/** Connections that nobody has used for this long are closed, ms. */
const KEPT_MS = 30_000;
const entries = new Map<string, Entry>();
const resolverNumbers = new WeakMap<HostResolver, number>();
let resolvers = 0;

/**
 * The pool of an origin, shared by every client of it with the same limits in this process. Give it back by
 * `releaseOrigin`: its connections stay a while for the next client.
 */
export function useOrigin(origin: string, config: ResolvedHttpConfig): Origin {
  const key = keyOf(origin, config);
  const entry = entries.get(key) ?? openOrigin(origin, config);
  entries.set(key, entry);
  entry.users += 1;
  clearTimeout(entry.idle);
  return entry;
}

export function releaseOrigin(origin: string, config: ResolvedHttpConfig): void {
  const key = keyOf(origin, config);
  const entry = entries.get(key);
  if (!entry || --entry.users > 0) return;
  entry.idle = setTimeout(() => {
    entries.delete(key);
    void entry.pool.close();
  }, KEPT_MS).unref();
}

/** Whether the servers that clients of this process talk to are worth asking. An origin counts as closed while all its pools are. */
export function circuitStates(): Map<string, CircuitState> {
  const states = new Map<string, CircuitState>();
  for (const { origin, breaker } of entries.values()) {
    if (breaker.state !== 'closed' || !states.has(origin)) states.set(origin, breaker.state);
  }
  return states;
}

function openOrigin(origin: string, config: ResolvedHttpConfig): Entry {
  const { Pool } = createRequire(import.meta.url)('undici') as typeof import('undici'); // 111 modules, for those who call others
  const guard = guardOf(config);
  guard?.assertHost(new URL(origin));
  return {
    origin,
    users: 0,
    idle: undefined,
    pool: new Pool(origin, {
      connections: config.maxConnections,
      connect: { timeout: config.connectTimeoutSeconds * 1_000, ...(guard && { lookup: guard.lookup }) },
      headersTimeout: config.timeoutSeconds * 1_000,
      bodyTimeout: config.timeoutSeconds * 1_000,
      pipelining: 1,
    }),
    breaker: new CircuitBreaker(origin, { isFailure }),
  };
}

/** What a server refuses on purpose says nothing about its health, nor does a caller who gives up. */
function isFailure(error: unknown): boolean {
  if (error instanceof HttpError) return error.status >= 500;
  return error instanceof ConnectionError || error instanceof TimeoutError;
}

function guardOf({ publicAddressesOnly, allowedNetworks, resolveHost }: ResolvedHttpConfig): AddressGuard | undefined {
  return publicAddressesOnly ? new AddressGuard(allowedNetworks, resolveHost) : undefined;
}

/** Clients with other limits, or who may reach other places, share nothing. */
function keyOf(origin: string, config: ResolvedHttpConfig): string {
  const { maxConnections, connectTimeoutSeconds, timeoutSeconds, publicAddressesOnly } = config;
  const limits = `${origin} ${maxConnections} ${connectTimeoutSeconds} ${timeoutSeconds}`;
  if (!publicAddressesOnly) return limits;
  return `${limits} public ${config.allowedNetworks.join()} ${numberOf(config.resolveHost)}`;
}

function numberOf(resolve: HostResolver): number {
  const known = resolverNumbers.get(resolve) ?? ++resolvers;
  resolverNumbers.set(resolve, known);
  return known;
}

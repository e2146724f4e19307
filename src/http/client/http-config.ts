import { ValidationError, type ValidationIssue } from '../../base/errors.js';
import { parseNetwork } from './address-guard.js';
import { type HostResolver, resolveByDns } from './host-resolver.js';

/** How `httpClient` talks to one server. */
export interface HttpConfig {
  /** Longest request, its body included, s. Default 30. */
  timeoutSeconds?: number;
  /** Longest wait for a connection, s. Default 10. */
  connectTimeoutSeconds?: number;
  /** Most connections to the server, shared by all clients of the same base URL and limits. Default 10. */
  maxConnections?: number;
  /** Further tries of a request that may be repeated (GET, HEAD, PUT, DELETE, OPTIONS, or with an `Idempotency-Key`). Default 0. */
  retries?: number;
  /** Most bytes of an answer's body, unpacked where it is gzip or br. Default 10 MiB. */
  maxResponseBytes?: number;
  /** Sent with every request. */
  headers?: Readonly<Record<string, string>>;
  /**
   * Reach public addresses alone: for URLs that others have named. Names are resolved by the DNS, and the connection goes
   * to the address that was looked at. Default false.
   */
  publicAddressesOnly?: boolean;
  /** Networks that may be reached all the same: `10.1.0.0/16`, `127.0.0.1`. */
  allowedNetworks?: readonly string[];
  /** Who resolves names where `publicAddressesOnly` is set. Default the DNS that this machine is told to ask. */
  resolveHost?: HostResolver;
  /** Leave a server that keeps failing alone for a while. Default true. */
  circuitBreaker?: boolean;
  /** Cut an answer's body off where it is too long, too slow or breaks, instead of refusing the answer. Default false. */
  cutBodies?: boolean;
}

export type ResolvedHttpConfig = Readonly<Required<HttpConfig>>;

const RULES: Readonly<Record<string, (value: unknown) => boolean>> = {
  timeoutSeconds: isTime,
  connectTimeoutSeconds: isTime,
  maxConnections: (value) => Number.isInteger(value) && isAbove0(value),
  retries: (value) => Number.isInteger(value) && (value as number) >= 0,
  maxResponseBytes: (value) => Number.isInteger(value) && isAbove0(value),
  headers: (value) => typeof value === 'object' && value !== null,
  publicAddressesOnly: isBoolean,
  allowedNetworks: (value) => Array.isArray(value) && value.every(isNetwork),
  resolveHost: (value) => typeof value === 'function',
  circuitBreaker: isBoolean,
  cutBodies: isBoolean,
};

/** @throws ValidationError naming every field that is unknown or makes no sense. */
export function resolveHttpConfig(config: HttpConfig): ResolvedHttpConfig {
  const given = Object.entries(config).filter(([, value]) => value !== undefined);
  const issues = given.flatMap(([name, value]): ValidationIssue[] => {
    const rule = RULES[name];
    if (!rule)
      return [
        {
          loc: [name],
          msg: `is not a field of HttpConfig; it has ${Object.keys(RULES).join(', ')}`,
          type: 'unknown_field',
        },
      ];
    return rule(value) ? [] : [{ loc: [name], msg: `cannot be ${String(value)}`, type: 'invalid_value' }];
  });
  if (issues.length > 0) throw new ValidationError(issues);
  return Object.freeze({
    timeoutSeconds: 30,
    connectTimeoutSeconds: 10,
    maxConnections: 10,
    retries: 0,
    maxResponseBytes: 10_485_760,
    headers: {},
    publicAddressesOnly: false,
    allowedNetworks: [],
    resolveHost: resolveByDns,
    circuitBreaker: true,
    cutBodies: false,
    ...Object.fromEntries(given),
  });
}

function isAbove0(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

/** Seconds that a timer of Node can wait. */
function isTime(value: unknown): boolean {
  return isAbove0(value) && (value as number) <= 2_147_483;
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}

function isNetwork(value: unknown): boolean {
  try {
    return Boolean(parseNetwork(String(value)));
  } catch {
    return false;
  }
}

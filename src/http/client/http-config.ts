import { ValidationError, type ValidationIssue } from '../../base/errors.js';

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
  /** Most bytes of an answer's body. Default 10 MiB. */
  maxResponseBytes?: number;
  /** Sent with every request. */
  headers?: Readonly<Record<string, string>>;
}

export type ResolvedHttpConfig = Readonly<Required<HttpConfig>>;

const RULES: Readonly<Record<string, (value: unknown) => boolean>> = {
  timeoutSeconds: isAbove0,
  connectTimeoutSeconds: isAbove0,
  maxConnections: (value) => Number.isInteger(value) && isAbove0(value),
  retries: (value) => Number.isInteger(value) && (value as number) >= 0,
  maxResponseBytes: (value) => Number.isInteger(value) && isAbove0(value),
  headers: (value) => typeof value === 'object' && value !== null,
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
    ...Object.fromEntries(given),
  });
}

function isAbove0(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

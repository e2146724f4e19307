import type { OpenOptions } from './dialect.js';
import { TLS_PARAMETERS, type TlsSettings, tlsSettings } from './tls.js';
import { UrlParameters } from './url-parameters.js';

/** How a server is talked to, as the options of `connect` and the URL say; where both do, the URL wins. */
export interface ServerOptions {
  /** Most connections at a time. */
  readonly poolSize: number;
  /** Longest wait for a new connection, ms. */
  readonly connectTimeoutMs: number;
  /** Longest run of one statement, ms; 0 is no limit. */
  readonly statementTimeoutMs: number;
  /** A connection that nobody wanted for so long is closed, ms. */
  readonly idleTimeoutMs: number;
  readonly tls: TlsSettings | undefined;
}

/** The parameters of a URL that are the kernel's own, not the driver's. */
export const OWN_PARAMETERS = [
  ...TLS_PARAMETERS,
  'poolSize',
  'connectTimeoutMs',
  'statementTimeoutMs',
  'idleTimeoutMs',
] as const;

/** @throws SchemaError that never shows the URL. */
export function serverOptions(url: string, options: OpenOptions): ServerOptions {
  const parameters = new UrlParameters(url);
  return {
    poolSize: parameters.whole('poolSize', options.poolSize ?? 10, 1),
    connectTimeoutMs: parameters.whole('connectTimeoutMs', Math.min(options.acquireTimeoutMs, 10_000), 1),
    statementTimeoutMs: parameters.whole('statementTimeoutMs', options.statementTimeoutMs ?? 30_000, 0),
    idleTimeoutMs: parameters.whole('idleTimeoutMs', options.idleTimeoutMs ?? 60_000, 1),
    tls: tlsSettings(options.ssl, parameters),
  };
}

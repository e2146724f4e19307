import { z } from 'zod';
import { logLevel } from './field-types.js';

/** Probes, Prometheus and the icon that browsers ask for. */
export const UNOBSERVED_PATHS: readonly string[] = ['/health', '/healthz', '/readyz', '/metrics', '/favicon.ico'];

export const observability = z.strictObject({
  serviceName: z.string().min(1).default('app').describe('Name in logs, metrics and docs.'),
  logLevel: logLevel.default('INFO').describe('Least severe level that is logged.'),
  logDir: z.string().nullable().default(null).describe('Also write JSON lines to a file in this directory.'),
  addCallerInfo: z.boolean().default(true).describe('Add file and line to log entries (not in production).'),
  requestMetricsEnabled: z
    .boolean()
    .default(false)
    .describe('Keep every request in a table; `createService` does unless told otherwise.'),
  requestMetricsExcludePaths: z
    .array(z.string())
    .default([...UNOBSERVED_PATHS])
    .describe('Paths that are not kept.'),
  sensitiveParams: z
    .array(z.string().min(1))
    .default([])
    .describe('Further parts of names of parameters, of queries and paths, whose values are masked.'),
  meteringEnabled: z.boolean().default(true).describe('Count requests for their user and workspace.'),
});

import { z } from 'zod';
import { logLevel } from './field-types.js';

export const observability = z.strictObject({
  serviceName: z.string().min(1).default('app').describe('Name in logs, metrics and docs.'),
  logLevel: logLevel.default('INFO').describe('Least severe level that is logged.'),
  logDir: z.string().nullable().default(null).describe('Also write JSON lines to a file in this directory.'),
  addCallerInfo: z.boolean().default(true).describe('Add file and line to log entries (not in production).'),
});

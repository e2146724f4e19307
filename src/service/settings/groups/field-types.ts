import { z } from 'zod';

export const seconds = z.number().positive();
export const count = z.number().int().positive();
/** Goes into a header as it is: whatever cannot stand there would be refused with words that repeat it. */
export const secret = z.string().regex(/^[\x21-\x7e]+$/, 'is empty, or holds a space or a line end');
export const path = z
  .string()
  .regex(/^\/[\w\-./]*$/, 'must start with "/" and hold only letters, digits, "-", "_", "." and "/"');
export const prefix = z.union([z.literal(''), path]);
export const url = z.url({ protocol: /^https?$/, error: 'is not an http(s) URL' });
export const pageUrl = url.nullable().default(null);
export const logLevel = z
  .string()
  .regex(
    /^(trace|debug|info|warn|warning|error|fatal|critical|silent)$/i,
    'is not a log level: write debug, info, warn or error',
  );
/** Five fields, in UTC. */
export const cron = z.string().regex(/^\s*(\S+\s+){4}\S+\s*$/, 'must be a cron expression of five fields');

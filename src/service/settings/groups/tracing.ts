import { z } from 'zod';
import { UNOBSERVED_PATHS } from './observability.js';

export const tracing = z.strictObject({
  enabled: z.boolean().default(true).describe('Trace requests, statements, jobs and outgoing calls.'),
  excludePaths: z
    .array(z.string())
    .default([...UNOBSERVED_PATHS])
    .describe('Paths that are not traced.'),
  sampleRate: z.number().min(0).max(1).default(1).describe('Share of traces that is kept, 0 to 1.'),
  saveThresholdMs: z
    .number()
    .min(0)
    .default(0)
    .describe('Of those, faster requests and jobs are not kept; 0 keeps all.'),
  saveErrors: z.boolean().default(true).describe('Keep what failed, however fast, and beyond the share as well.'),
});

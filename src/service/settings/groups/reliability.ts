import { z } from 'zod';
import { count } from './field-types.js';

export const reliability = z.strictObject({
  rateLimitEnabled: z.boolean().default(true).describe('Limit requests per caller.'),
  rateLimitAnonymousRpm: count.default(30).describe('Requests per window, by address.'),
  rateLimitAuthenticatedRpm: count.default(120).describe('Requests per window, by user.'),
  rateLimitAdminRpm: count.default(600).describe('Requests per window, by admin.'),
  rateLimitWindowSeconds: count.default(60).describe('Length of the sliding window.'),
  idempotencyEnabled: z.boolean().default(true).describe('Answer repeated requests without running them again.'),
  idempotencyTtlSeconds: count.default(86_400).describe('How long answers to an `Idempotency-Key` are kept.'),
});

import { z } from 'zod';
import { seconds } from './field-types.js';

export const streaming = z.strictObject({
  maxConcurrentPerUser: z.number().int().min(0).default(5).describe('Most streams a user has open; 0 is no limit.'),
  leaseTtlSeconds: seconds.default(180).describe('How long a stream counts after its process has died.'),
  leaseKeyNamespace: z.string().default('stream_leases').describe('Where Redis keeps the open streams.'),
});

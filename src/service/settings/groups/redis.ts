import { z } from 'zod';
import { count, seconds } from './field-types.js';

export const redis = z.strictObject({
  url: z.string().nullable().default('redis://localhost:6379').describe('`null` runs on the in-memory engine.'),
  keyPrefix: z.string().default('queue:').describe('Prefix of the job queue’s keys.'),
  namespace: z.string().default('').describe('Prefix of every key, so that services can share one Redis.'),
  maxConnections: count.default(10).describe('Most Redis clients of this process.'),
  socketTimeoutSeconds: seconds.default(5).describe('Longest wait for the answer to a command.'),
  socketConnectTimeoutSeconds: seconds.default(5).describe('Longest wait for a connection.'),
  allowFallback: z
    .boolean()
    .default(false)
    .describe('Production only: run on the in-memory engine when Redis is away.'),
});

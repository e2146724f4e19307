import { z } from 'zod';
import { count, seconds } from './field-types.js';

export const jobs = z.strictObject({
  workerCount: z.number().int().min(0).default(4).describe('Jobs in flight in this process; 0 runs no worker here.'),
  threadPoolSize: count.default(8).describe('Most threads for tasks that are given by the URL of their module.'),
  outbox: z
    .boolean()
    .default(true)
    .describe('Jobs enqueued inside a `dbContext` are committed or rolled back with it.'),
  workTimeoutSeconds: seconds.default(300).describe('Longest run of one attempt.'),
  maxAttempts: count.default(3).describe('Attempts before a job becomes a dead letter.'),
  retryDelaysSeconds: z
    .array(z.number().min(0))
    .min(1)
    .default([1, 5, 30])
    .describe('Waits between attempts; the last one repeats.'),
});

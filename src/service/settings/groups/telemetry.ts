import { z } from 'zod';
import { count } from './field-types.js';

const days = count.nullable();

export const telemetry = z.strictObject({
  adminWorkerEmbedded: z
    .boolean()
    .default(true)
    .describe('Store audit records and the like in this process; else `app-kernel admin-worker` must run.'),
  adminDbUrl: z
    .string()
    .nullable()
    .default(null)
    .describe('Database that audit records and the like are written to and read from; `null` is `databaseUrl`.'),
  retention: z
    .strictObject({
      audit: days.default(null).describe('Days that audit records are kept; `null` keeps all.'),
      requestMetrics: days.default(30).describe('Days that requests are kept.'),
      usageEvents: days.default(90).describe('Days that single uses are kept, and told apart by their id; sums stay.'),
      usageDays: days.default(400).describe('Days that sums of usage of single days are kept.'),
      usageSummaries: days.default(null).describe('The same for sums of months and years; `null` keeps all.'),
      traces: days.default(7).describe('Days that traces are kept.'),
      actionReplays: days.default(90).describe('Days that replays are kept.'),
      sessions: days.default(30).describe('Days that sessions and mailed tokens are kept after they have expired.'),
    })
    .prefault({})
    .describe('Days that records are kept, by kind; what is older is removed in small batches.'),
});

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
    })
    .prefault({})
    .describe('Days that records are kept, by kind; what is older is removed in small batches.'),
});

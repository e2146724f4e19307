import { z } from 'zod';
import { count, cron } from './field-types.js';

export const database = z.strictObject({
  dataDir: z.string().default('.data').describe('Audit scripts of migrations and other files the database keeps.'),
  poolSize: count.default(10).describe('Most connections to the database’s server.'),
  statementTimeoutMs: z
    .number()
    .int()
    .min(0)
    .default(30_000)
    .describe('Longest run of one statement on a server, ms; 0 is no limit.'),
  backupSchedule: cron
    .nullable()
    .default('0 15 * * *')
    .describe('When backups are made, as cron in UTC; `null` for never.'),
  backupRetention: z
    .strictObject({ count: count.optional(), days: count.optional() })
    .nullable()
    .default(null)
    .describe('Which backups stay, by number or age; `null` keeps all.'),
  backupStore: z.string().nullable().default(null).describe('The bucket that backups are sent to, as `s3://` URL.'),
  backupEncryption: z
    .strictObject({ key: z.string(), local: z.boolean().optional() })
    .nullable()
    .default(null)
    .describe('The key of backups that leave this machine; with `local`, of all.'),
  slowQueryMs: z.number().min(0).default(1_000).describe('Statements that take as long are logged, ms; 0 logs none.'),
});

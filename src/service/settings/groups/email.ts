import { z } from 'zod';

export const email = z.strictObject({
  smtpUrl: z
    .string()
    .nullable()
    .default(null)
    .describe('`smtp://user:password@host:587`; `null` captures mails in memory.'),
  from: z.string().nullable().default(null).describe('Sender address.'),
  replyTo: z.string().nullable().default(null).describe('Reply-to address.'),
  useTls: z.boolean().default(true).describe('Refuse to send without TLS (except to this machine).'),
});

import { z } from 'zod';
import { cron, seconds, secret, url } from './field-types.js';

export const billing = z.strictObject({
  secretKey: secret.nullable().default(null).describe('Key of Stripe; without it there is no billing.'),
  webhookSecret: secret.nullable().default(null).describe('What Stripe signs its events with.'),
  apiBase: url.nullable().default(null).describe('Where Stripe is, when not at its own address.'),
  redirectUrls: z
    .array(url)
    .default([])
    .describe('Pages that Stripe may send buyers back to; one that ends with `/` allows all below it.'),
  currency: z
    .string()
    .regex(/^[a-z]{3}$/)
    .default('usd')
    .describe('Of prices that name none.'),
  trialDays: z.number().int().min(0).max(730).default(0).describe('Days that a first subscription costs nothing.'),
  shippingCountries: z
    .array(z.string().regex(/^[A-Z]{2}$/))
    .default(['US'])
    .describe('Where things may be sent, by two letters.'),
  timeoutSeconds: seconds.default(10).describe('Longest wait for an answer of Stripe.'),
  reconcileSchedule: cron
    .default('17 4 * * *')
    .describe('When subscriptions are compared with Stripe, as cron in UTC.'),
});

import { z } from 'zod';
import { parseNetwork } from '../../../http/index.js';
import { count } from './field-types.js';

const network = z.string().refine((text) => {
  try {
    return Boolean(parseNetwork(text));
  } catch {
    return false;
  }
}, 'is not a network: write 10.1.0.0/16 or 127.0.0.1');

export const webhooks = z.strictObject({
  allowHttp: z.boolean().default(false).describe('Send to `http:` URLs as well.'),
  allowedNetworks: z
    .array(network)
    .default([])
    .describe('Networks and addresses that may be sent to although they are not public: `10.1.0.0/16`, `127.0.0.1`.'),
  timeoutSeconds: z.number().min(1).max(30).default(15).describe('Longest request to an endpoint.'),
  retentionDays: count.default(30).describe('How long deliveries that have ended are kept.'),
});

import { z } from 'zod';
import { count } from './field-types.js';

export const security = z.strictObject({
  enableRequestId: z.boolean().default(true).describe('Send `X-Request-ID`.'),
  enableSecurityHeaders: z.boolean().default(true).describe('Send nosniff, CSP, HSTS and their kin.'),
  enableRequestLogging: z.boolean().default(true).describe('Log one line per request.'),
  enableErrorHandling: z.boolean().default(true).describe('Turn errors into problem bodies.'),
  maxBodySize: count.default(10_485_760).describe('Most bytes of a request body, after decompression.'),
  debug: z.boolean().default(false).describe('Add a `debug` member to problem bodies; never in production.'),
});

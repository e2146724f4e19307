import { z } from 'zod';

export const cors = z.strictObject({
  enabled: z.boolean().default(true).describe('Answer cross-origin requests.'),
  allowOrigins: z.array(z.string()).default(['*']).describe('Exact origins, or `*` (then without credentials).'),
  allowCredentials: z.boolean().default(true).describe('Let browsers send cookies and Authorization.'),
  allowMethods: z.array(z.string()).default(['*']).describe('Methods a browser may use.'),
  allowHeaders: z.array(z.string()).default(['*']).describe('Headers a browser may send.'),
  exposeHeaders: z.array(z.string()).default(['X-Runtime', 'X-Request-ID']).describe('Headers a browser may read.'),
});

import { z } from 'zod';

export const auth = z.strictObject({
  tokenSecret: z.string().default('').describe('Signs tokens (HS256). 32 characters or more in production.'),
  accessTokenExpiresMinutes: z.number().positive().default(15).describe('Life of an access token.'),
  refreshTokenExpiresDays: z.number().positive().default(30).describe('Life of a session that is not refreshed.'),
  enabled: z.boolean().default(true).describe('Off: no token is accepted and no auth route is mounted.'),
});

import { z } from 'zod';
import { getRealIp } from '../../http/edge/client-address.js';
import type { HttpContext } from '../../http/request-state.js';
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH, passwordFault } from './passwords.js';
import type { Client } from './sessions.js';
import { canonicalName, isEmail } from './user-store.js';

export const NewPassword = z
  .string()
  .superRefine((password, context) => {
    const fault = passwordFault(password);
    if (fault) context.addIssue({ code: 'custom', message: fault.msg });
  })
  .meta({ format: 'password', minLength: MIN_PASSWORD_LENGTH, maxLength: MAX_PASSWORD_LENGTH });

/** Bounded far above any real password, so that nobody feeds megabytes to a hash. */
export const GivenPassword = z.string().min(1).max(4096);
export const Token = z.string().min(1).max(8192);
/** More than the longest of these bodies: looking at megabytes of password would stop everybody else. */
export const MAX_BODY_BYTES = 64 * 1024;

export const Email = z
  .string()
  .refine((email) => isEmail(canonicalName(email)), 'Not a valid e-mail address')
  .meta({ format: 'email' });

export const MessageResponse = z.object({ message: z.string() });

/** Where a request came from. */
export function clientOf(ctx: HttpContext): Client {
  return { ipAddress: getRealIp(ctx), userAgent: ctx.get('User-Agent') || null };
}

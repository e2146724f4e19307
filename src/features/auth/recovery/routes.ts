import { z } from 'zod';
import { rateLimit } from '../../../http/edge/rate-limit.js';
import { createRouter, type TypedRouter } from '../../../http/routing/typed-router.js';
import { clientOf, Email, MessageResponse, NewPassword, Token } from '../fields.js';
import type { Recovery } from './recovery.js';

/** Mails that one caller may cause in a minute. */
const MAILS_PER_MINUTE = 10;

/** Verifying an address and setting a forgotten password. */
export function createRecoveryRoutes(recovery: Recovery, prefix: string, maxBodySize: number): TypedRouter {
  const router: TypedRouter = createRouter({ prefix, tags: ['auth'] });
  const response = MessageResponse;

  router.post(
    '/verify-email',
    { body: z.object({ token: Token }), maxBodySize, response, summary: 'Verify an e-mail address' },
    async ({ ctx, body }) => {
      await recovery.verifyEmail(body.token, clientOf(ctx));
      return { message: 'E-mail address verified' };
    },
  );

  router.post(
    '/verify-email/resend',
    {
      auth: { proof: 'session' },
      response,
      use: [rateLimit(MAILS_PER_MINUTE)],
      summary: 'Send the verification mail again',
    },
    ({ user }) => {
      recovery.sendVerification(user.id);
      return { message: 'If your address is not verified, a mail is on its way' };
    },
  );

  router.post(
    '/forgot-password',
    {
      body: z.object({ email: Email }),
      maxBodySize,
      response,
      use: [rateLimit(MAILS_PER_MINUTE)],
      summary: 'Ask for a new password',
      description: 'Answers the same whether or not there is such an account.',
    },
    ({ ctx, body }) => {
      recovery.forgotPassword(body.email, clientOf(ctx));
      return { message: 'If an account has this address, a mail is on its way' };
    },
  );

  router.post(
    '/reset-password',
    {
      body: z.object({ token: Token, password: NewPassword }),
      maxBodySize,
      response,
      summary: 'Set a new password with a mailed token',
      description: 'Ends every session of the user.',
    },
    async ({ ctx, body }) => {
      await recovery.resetPassword(body.token, body.password, clientOf(ctx));
      return { message: 'Password changed successfully' };
    },
  );
  return router;
}

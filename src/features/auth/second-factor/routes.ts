import { z } from 'zod';
import { rateLimit } from '../../../http/edge/rate-limit.js';
import { createRouter, type TypedRouter } from '../../../http/routing/typed-router.js';
import type { Accounts } from '../accounts.js';
import { clientOf, GivenPassword, MessageResponse } from '../fields.js';
import type { SecondFactor } from './second-factor.js';

/** Codes that one caller may try in a minute, on top of what the throttle of sign-ins allows. */
const TRIES_PER_MINUTE = 10;

const Code = z.string().min(1).max(64);

/** Setting up, enabling and disabling the caller's second factor. */
export function createSecondFactorRoutes(
  { accounts, secondFactor }: { accounts: Accounts; secondFactor: SecondFactor },
  prefix: string,
  maxBodySize: number,
): TypedRouter {
  const router: TypedRouter = createRouter({ prefix: `${prefix}/totp`, tags: ['auth'] });
  const auth = { proof: 'session' } as const;
  const use = [rateLimit(TRIES_PER_MINUTE)];

  router.post(
    '/setup',
    {
      auth,
      use,
      response: z.object({ secret: z.string(), otpauth_url: z.string().describe('To be shown as a QR code.') }),
      summary: 'A secret for an authenticator app',
      description: 'It counts for nothing until it is enabled.',
    },
    async ({ user }) => {
      const { secret, uri } = await secondFactor.setup(user.id, user.email || user.id);
      return { secret, otpauth_url: uri };
    },
  );

  router.post(
    '/enable',
    {
      auth,
      use,
      body: z.object({ code: Code }),
      maxBodySize,
      response: z.object({ recovery_codes: z.array(z.string()).describe('Each works once. Shown this one time.') }),
      summary: 'Ask for a code from now on',
    },
    async ({ body, user }) => ({ recovery_codes: await secondFactor.enable(user.id, body.code) }),
  );

  router.post(
    '/disable',
    {
      auth,
      use,
      body: z.object({ code: Code, password: GivenPassword.optional() }),
      maxBodySize,
      response: MessageResponse,
      summary: 'Ask for no code any more',
      description: 'Takes a code of the app or a recovery code, and the password where the account has one.',
    },
    async ({ ctx, body, user }) => {
      await accounts.disableSecondFactor(user.id, body, clientOf(ctx));
      return { message: 'Second factor disabled' };
    },
  );
  return router;
}

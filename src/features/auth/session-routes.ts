import { z } from 'zod';
import { NotFoundError } from '../../base/errors.js';
import { createRouter, type TypedRouter } from '../../http/routing/typed-router.js';
import { clientOf } from './fields.js';
import type { Session } from './session-store.js';
import type { Sessions } from './sessions.js';

const SessionResponse = z.object({
  id: z.string(),
  ip_address: z.string().nullable().describe('Of an IPv6 address, its network.'),
  user_agent: z.string().nullable(),
  created_at: z.string().meta({ format: 'date-time' }),
  last_used_at: z.string().meta({ format: 'date-time' }),
  expires_at: z.string().meta({ format: 'date-time' }),
  is_current: z.boolean(),
});

/** Where one is signed in, and signing out there. */
export function createSessionRoutes(sessions: Sessions, prefix: string): TypedRouter {
  const router: TypedRouter = createRouter({ prefix: `${prefix}/sessions`, tags: ['auth'] });

  router.get(
    '',
    { auth: { proof: 'session' }, response: z.array(SessionResponse), summary: 'Where the caller is signed in' },
    async ({ user, auth }) =>
      (await sessions.liveOf(user.id)).map((session) => toResponse(session, session.id === auth.sessionId)),
  );

  router.delete(
    '/:sessionId',
    { auth: { proof: 'session' }, summary: 'End one session' },
    async ({ ctx, params, user }) => {
      const own = await sessions.liveOf(user.id);
      if (!own.some(({ id }) => id === params.sessionId)) throw new NotFoundError('Session not found');
      await sessions.signOut(user.id, params.sessionId, clientOf(ctx));
    },
  );

  router.delete(
    '',
    { auth: { proof: 'session' }, summary: 'Sign out everywhere', description: 'Ends this session as well.' },
    async ({ ctx, user }) => {
      await sessions.signOut(user.id, null, clientOf(ctx));
    },
  );
  return router;
}

function toResponse(session: Session, isCurrent: boolean) {
  const { id, ipAddress, userAgent, rotatedAt, expiresAt } = session;
  const createdAt = createdAtOf(id);
  return {
    id,
    ip_address: ipAddress,
    user_agent: userAgent,
    created_at: createdAt,
    last_used_at: rotatedAt ?? createdAt,
    expires_at: expiresAt,
    is_current: isCurrent,
  };
}

/** The first 48 bits of a UUID of version 7 are the milliseconds of its making. */
function createdAtOf(sessionId: string): Date {
  return new Date(Number.parseInt(sessionId.replaceAll('-', '').slice(0, 12), 16));
}

import { z } from 'zod';
import { NotFoundError } from '../../../base/errors.js';
import { BadRequestError, createRouter, ForbiddenError, rateLimit, type TypedRouter } from '../../../http/index.js';
import type { Saas } from '../create-saas.js';
import type { KernelWorkspaceInvite } from '../entities.js';
import type { IssuedInvite } from '../stores/invite-store.js';
import { Email, InviteResponse, Role, toInvite } from './schemas.js';

const STATUSES = ['pending', 'accepted', 'expired', 'cancelled'] as const;
/** Invites write mails to strangers, in the name of the service. */
const MAILS_PER_HOUR = 60;

const Accepted = z.object({ workspace_id: z.string(), workspace_name: z.string(), role: z.string() });

/** Those of one workspace, for its admins. */
export function createInviteRoutes(saas: Saas, prefix: string): TypedRouter {
  const { invites } = saas;
  const router = createRouter({ prefix: `${prefix}/:workspaceId/invites`, tags: ['invites'] });
  const mails = rateLimit(MAILS_PER_HOUR, 3600);

  router.post(
    '',
    {
      auth: { proof: 'session', workspace: 'admin' },
      body: z.object({ email: Email, role: Role.default('member') }),
      response: InviteResponse,
      status: 201,
      use: [mails],
      summary: 'Invite somebody by mail',
      description: 'The token is shown once. While an invite of that address is pending, it is answered without one.',
    },
    async ({ params, body, user }) => {
      if (body.role !== 'admin' && body.role !== 'member') {
        throw new BadRequestError("Role must be 'admin' or 'member'");
      }
      return shown(saas, await invites.create(params.workspaceId, body.email, body.role, user.id));
    },
  );

  router.get(
    '',
    {
      auth: { proof: 'session', workspace: 'admin' },
      query: z.object({ status: z.enum(STATUSES).optional() }),
      response: z.array(InviteResponse),
      summary: 'List invites',
    },
    async ({ params, query }) => {
      const found = await invites.listForWorkspace(params.workspaceId, query.status ?? null);
      return found.map((invite) => toInvite(invite));
    },
  );

  const ofWorkspace = async (workspaceId: string, inviteId: string): Promise<KernelWorkspaceInvite> => {
    const invite = await invites.get(inviteId);
    if (invite?.workspaceId !== workspaceId) throw new NotFoundError('Invite not found');
    return invite;
  };

  router.delete(
    '/:inviteId',
    { auth: { proof: 'session', workspace: 'admin' }, summary: 'Cancel an invite' },
    async ({ params }) => {
      const { id } = await ofWorkspace(params.workspaceId, params.inviteId);
      if (!(await invites.cancel(id))) throw new NotFoundError('Invite not found');
    },
  );

  router.post(
    '/:inviteId/resend',
    {
      auth: { proof: 'session', workspace: 'admin' },
      response: InviteResponse,
      use: [mails],
      summary: 'Send an invite again',
      description: 'With a new token and another seven days; the old token no longer works.',
    },
    async ({ params }) => {
      const { id, status } = await ofWorkspace(params.workspaceId, params.inviteId);
      const renewed = await invites.renew(id);
      if (!renewed) throw new BadRequestError(`Invite is ${status}`);
      return shown(saas, renewed);
    },
  );
  return router;
}

/** Those of the caller's own address. */
export function createInviteeRoutes({ invites, workspaces, verifiedEmail }: Saas): TypedRouter {
  const router = createRouter({ prefix: '/invites', tags: ['invites'] });

  router.post(
    '/accept',
    {
      auth: { proof: 'session' },
      query: z.object({ token: z.string().max(200).optional() }),
      body: z.object({ token: z.string().max(200).optional() }).optional(),
      response: Accepted,
      use: [rateLimit(30)],
      summary: 'Accept an invite',
      description:
        'Takes the token in the body or as `?token=`. The invited address must be the caller’s, and verified.',
    },
    async ({ body, query, user }) => {
      const token = body?.token ?? query.token ?? '';
      const invite = await invites.getByToken(token);
      if (!invite) throw new NotFoundError('Invite not found');
      if (invite.status !== 'pending') throw new BadRequestError(`Invite is ${invite.status}`);
      if (!invites.isExpired(invite)) assertInvitee(invite, await verifiedEmail(user.id));
      const accepted = await invites.accept(token, user.id);
      if (!accepted) throw new BadRequestError('Invite expired');
      const workspace = await workspaces.get(accepted.workspaceId);
      const role = (await workspaces.listForUser(user.id)).find(({ id }) => id === accepted.workspaceId)?.role;
      return { workspace_id: accepted.workspaceId, workspace_name: workspace?.name ?? '', role: role ?? accepted.role };
    },
  );

  router.get(
    '/pending',
    {
      auth: { proof: 'session' },
      response: z.array(InviteResponse),
      summary: 'Invites of the caller’s verified address',
      description: 'Without tokens: those are in the mails alone.',
    },
    async ({ user }) => {
      const email = await verifiedEmail(user.id);
      return email === null ? [] : (await invites.listForEmail(email)).map((invite) => toInvite(invite));
    },
  );
  return router;
}

function assertInvitee(invite: KernelWorkspaceInvite, verified: string | null): void {
  if (verified === null) throw new ForbiddenError('Verify your e-mail address first');
  if (verified !== invite.email) throw new ForbiddenError('This invite is for another e-mail address');
}

/** The one answer that carries the token; the mail goes out beside it. */
function shown({ sendInvite, inviteUrl }: Saas, { invite, token }: IssuedInvite) {
  if (token === null) return toInvite(invite);
  sendInvite(invite, token);
  return toInvite(invite, { token, url: inviteUrl(token) });
}

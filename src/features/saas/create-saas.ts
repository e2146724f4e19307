import type { Clock } from '../../base/clock.js';
import { createRouter, type TypedRouter } from '../../http/index.js';
import type { SessionHandle } from '../../orm/index.js';
import { canonicalName, type UserStore } from '../auth/index.js';
import { actionMail, type Outbox, tokenLink } from '../email/index.js';
import type { KernelWorkspaceInvite } from './entities.js';
import { createWorkspaceGuard } from './guards.js';
import { createInviteeRoutes, createInviteRoutes } from './routes/invite-routes.js';
import { createMemberRoutes } from './routes/member-routes.js';
import { createProjectRoutes } from './routes/project-routes.js';
import { createWorkspaceRoutes } from './routes/workspace-routes.js';
import { InviteStore } from './stores/invite-store.js';
import { MemberStore } from './stores/member-store.js';
import { ProjectStore } from './stores/project-store.js';
import { WorkspaceStore } from './stores/workspace-store.js';

export interface SaasOptions {
  /** Who has which verified address; invites are bound to it. */
  userStore: Pick<UserStore, 'getById'>;
  /** Default the newest open database that lists the tables. */
  db?: SessionHandle;
  /** Sends the invites; without it they are only answered. */
  outbox?: Pick<Outbox, 'post'>;
  /** The page that takes `?token=` and accepts the invite; never made of a request's host. */
  inviteBaseUrl?: string | null;
  clock?: Clock;
}

/** Workspaces, wired together. */
export interface Saas {
  readonly workspaces: WorkspaceStore;
  readonly members: MemberStore;
  readonly invites: InviteStore;
  readonly projects: ProjectStore;
  /** The address of a user that is known to be the user's own, in canonical form; null without one. */
  verifiedEmail(userId: string): Promise<string | null>;
  inviteUrl(token: string): string | null;
  sendInvite(invite: KernelWorkspaceInvite, token: string): void;
}

export function createSaas(options: SaasOptions): Saas {
  const { userStore, db, clock, outbox, inviteBaseUrl = null } = options;
  const on = db ? { db } : {};
  const workspaces = new WorkspaceStore(on);
  return Object.freeze({
    workspaces,
    members: new MemberStore(on),
    invites: new InviteStore({ ...on, ...(clock && { clock }) }),
    projects: new ProjectStore(on),
    async verifiedEmail(userId: string) {
      const user = await userStore.getById(userId);
      return user?.email && user.emailVerifiedAt ? canonicalName(user.email) : null;
    },
    inviteUrl: (token: string) => inviteBaseUrl && tokenLink(inviteBaseUrl, token),
    sendInvite: (invite: KernelWorkspaceInvite, token: string) =>
      outbox?.post(async () => {
        const workspace = await workspaces.get(invite.workspaceId);
        const name = workspace?.name ?? 'a workspace';
        return actionMail({
          to: invite.email,
          subject: `You've been invited to join ${name}`,
          lines: [`You have been invited to join ${name}.`, 'If you do not know why, ignore this mail.'],
          token,
          url: inviteBaseUrl,
          label: 'Accept the invite',
        });
      }),
  });
}

export interface SaasRouterOptions {
  /** Default `/workspaces`. */
  prefix?: string;
}

/** The routes, and what they work with. */
export type SaasRouter = TypedRouter & { readonly saas: Saas };

/**
 * Workspaces, members, invites and projects, and the guard behind `auth: { workspace: … }`. Takes what `createSaas` made,
 * or its options.
 */
export function createSaasRouter(given: (Saas | SaasOptions) & SaasRouterOptions): SaasRouter {
  const saas = 'workspaces' in given ? given : createSaas(given);
  const prefix = given.prefix ?? '/workspaces';
  const router: TypedRouter = createRouter();
  router.guards.register('workspace', createWorkspaceGuard(saas));
  const parts = [
    createWorkspaceRoutes(saas, prefix),
    createMemberRoutes(saas, prefix),
    createInviteRoutes(saas, prefix),
    createInviteeRoutes(saas),
    createProjectRoutes(saas, prefix),
  ];
  for (const part of parts) router.declarations.push(...part.declarations);
  return Object.assign(router, { saas });
}

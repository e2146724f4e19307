import { z } from 'zod';
import { NotFoundError } from '../../../base/errors.js';
import { createRouter, ForbiddenError, type TypedRouter, type UserIdentity } from '../../../http/index.js';
import type { WebhookStore } from '../endpoints/webhook-store.js';
import {
  NewWebhookBody,
  RotateBody,
  SecretWebhookResponse,
  WebhookChangesBody,
  WebhookResponse,
  WorkspaceQuery,
  webhookOnWire,
} from './schemas.js';

export interface WebhookRoutesOptions {
  webhooks: WebhookStore;
  /** Whether a user may manage the workspace. */
  isAdmin(userId: string, workspaceId: string): Promise<boolean>;
  prefix: string;
}

/** Who manages a workspace, and API keys of theirs with this scope. */
export const MANAGERS = { workspace: 'admin', scope: 'webhooks:manage' } as const;

/** The workspace that the guard has found the caller to manage. */
export function managed({ workspaceId }: UserIdentity): string {
  if (workspaceId) return workspaceId;
  throw new ForbiddenError('Name the workspace');
}

export function unknownWebhook(): NotFoundError {
  return new NotFoundError('Webhook not found');
}

/** Endpoints: making, changing and removing them, and their secrets. */
export function createEndpointRoutes({ webhooks, isAdmin, prefix }: WebhookRoutesOptions): TypedRouter {
  const router: TypedRouter = createRouter({ prefix, tags: ['webhooks'] });
  const auth = MANAGERS;

  router.post(
    '',
    { auth, body: NewWebhookBody, response: SecretWebhookResponse, status: 201, summary: 'Create a webhook' },
    async ({ body, user, auth: proof }) => {
      const { workspace_id: named = managed(user), ...given } = body;
      const isOther = named !== user.workspaceId;
      if (isOther && ((proof.workspaceId && proof.workspaceId !== named) || !(await isAdmin(user.id, named))))
        throw new ForbiddenError('Admin access required');
      const webhook = await webhooks.create(named, given);
      return { ...webhookOnWire(webhook), secret: webhook.secret };
    },
  );

  router.get(
    '',
    {
      auth,
      query: WorkspaceQuery.extend({ include_disabled: z.enum(['true', 'false', '1', '0']).optional() }),
      response: z.array(WebhookResponse),
      summary: 'List webhooks, the newest first',
    },
    async ({ query: { include_disabled: given }, user }) => {
      const includeDisabled = given === 'true' || given === '1';
      return (await webhooks.list(managed(user), { includeDisabled })).map(webhookOnWire);
    },
  );

  router.get(
    '/:webhookId',
    { auth, query: WorkspaceQuery, response: SecretWebhookResponse, summary: 'One webhook, with its secret' },
    async ({ params, user }) => {
      const webhook = await webhooks.get(managed(user), params.webhookId);
      if (!webhook) throw unknownWebhook();
      return { ...webhookOnWire(webhook), secret: webhooks.secretsOf(webhook)[0] ?? null };
    },
  );

  router.patch(
    '/:webhookId',
    {
      auth,
      query: WorkspaceQuery,
      body: WebhookChangesBody,
      response: WebhookResponse,
      summary: 'Change a webhook, or switch it on and off',
    },
    async ({ params, body, user }) => {
      const webhook = await webhooks.update(managed(user), params.webhookId, body);
      if (!webhook) throw unknownWebhook();
      return webhookOnWire(webhook);
    },
  );

  router.delete(
    '/:webhookId',
    { auth, query: WorkspaceQuery, summary: 'Delete a webhook and its deliveries' },
    async ({ params, user }) => {
      if (!(await webhooks.delete(managed(user), params.webhookId))) throw unknownWebhook();
    },
  );

  router.post(
    '/:webhookId/rotate-secret',
    {
      auth,
      query: WorkspaceQuery,
      body: RotateBody,
      response: SecretWebhookResponse,
      summary: 'Give a webhook a new secret',
      description: 'Messages are signed with both until the overlap has passed.',
    },
    async ({ params, body: { secret, overlap_seconds: overlapSeconds }, user }) => {
      const webhook = await webhooks.rotate(managed(user), params.webhookId, { secret, overlapSeconds });
      if (!webhook) throw unknownWebhook();
      return { ...webhookOnWire(webhook), secret: webhook.secret };
    },
  );
  return router;
}

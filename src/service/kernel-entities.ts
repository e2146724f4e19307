import { ActionReplay } from '../features/action-replay/index.js';
import { KernelApiKey } from '../features/api-keys/index.js';
import { KernelAuthSession, KernelAuthToken, KernelAuthTotp, KernelAuthUser } from '../features/auth/index.js';
import {
  BillingCustomer,
  BillingEvent,
  BillingInvoice,
  BillingOrder,
  BillingPaymentMethod,
  BillingPrice,
  BillingProduct,
  BillingSubscription,
} from '../features/billing/index.js';
import { FeatureFlag } from '../features/flags/index.js';
import { KernelJobOutbox } from '../features/jobs/index.js';
import { KernelOAuthAccount } from '../features/oauth/index.js';
import { Role, RoleAssignment } from '../features/rbac/index.js';
import {
  KernelProject,
  KernelWorkspace,
  KernelWorkspaceInvite,
  KernelWorkspaceMember,
} from '../features/saas/index.js';
import { KernelWebhook, KernelWebhookDelivery } from '../features/webhooks/index.js';
import { declaredEntities, type EntityTarget } from '../orm/index.js';
import { hasSaas } from './identity.js';
import type { KernelParts } from './kernel-parts.js';
import { hasOAuth } from './oauth.js';
import type { KernelSettings } from './settings/settings.js';
import { TELEMETRY_ENTITIES } from './telemetry/open-telemetry.js';

const SAAS_ENTITIES: readonly EntityTarget[] = [
  KernelWorkspace,
  KernelWorkspaceMember,
  KernelWorkspaceInvite,
  KernelProject,
];
const BILLING_ENTITIES: readonly EntityTarget[] = [
  BillingProduct,
  BillingPrice,
  BillingCustomer,
  BillingPaymentMethod,
  BillingSubscription,
  BillingInvoice,
  BillingOrder,
  BillingEvent,
];
const KERNEL_ENTITIES: ReadonlySet<EntityTarget> = new Set([
  KernelAuthUser,
  KernelAuthSession,
  KernelAuthToken,
  KernelAuthTotp,
  KernelApiKey,
  KernelOAuthAccount,
  Role,
  RoleAssignment,
  KernelJobOutbox,
  FeatureFlag,
  KernelWebhook,
  KernelWebhookDelivery,
  ActionReplay,
  ...BILLING_ENTITIES,
  ...SAAS_ENTITIES,
  ...TELEMETRY_ENTITIES,
]);

/** The tables of a kernel: those of the rooms that are switched on, and the service's own. */
export function entitiesOf(settings: KernelSettings, parts: KernelParts): EntityTarget[] {
  const own = parts.entities ?? declaredEntities();
  const kernels: EntityTarget[] = [];
  if (!parts.userStore) kernels.push(KernelAuthUser);
  if (settings.jobs.outbox) kernels.push(KernelJobOutbox);
  if (settings.features.enableFlagRoutes) kernels.push(FeatureFlag);
  if (settings.features.enableReplayRoutes) kernels.push(ActionReplay);
  if (settings.auth.enabled) kernels.push(KernelAuthSession, KernelAuthToken, KernelAuthTotp);
  if (settings.auth.enabled) kernels.push(KernelWorkspace, KernelApiKey, Role, RoleAssignment); // a key may name a workspace
  if (settings.auth.enabled && settings.billing.secretKey !== null) kernels.push(...BILLING_ENTITIES);
  if (hasOAuth(settings)) kernels.push(KernelOAuthAccount);
  if (hasSaas(settings)) kernels.push(...SAAS_ENTITIES.filter((entity) => entity !== KernelWorkspace));
  if (hasSaas(settings) && settings.features.enableWebhookRoutes) kernels.push(KernelWebhook, KernelWebhookDelivery);
  return [...kernels, ...own.filter((entity) => !KERNEL_ENTITIES.has(entity))];
}

/** All that lies in the database of a service: what is recorded as well, unless that has a database of its own. */
export function tablesOf(settings: KernelSettings, parts: KernelParts): EntityTarget[] {
  const recorded = settings.telemetry.adminDbUrl === null ? TELEMETRY_ENTITIES : [];
  return [...entitiesOf(settings, parts), ...recorded];
}

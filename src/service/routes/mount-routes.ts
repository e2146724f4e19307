import { assertScope, createApiKeyRouter } from '../../features/api-keys/index.js';
import { createAuthRouter } from '../../features/auth/index.js';
import { createDocsRouter } from '../../features/docs/index.js';
import { createMailRouter, type Mailer } from '../../features/email/index.js';
import {
  createHealthRouter,
  createMetricsRouter,
  createRootInfoRouter,
  type Readiness,
} from '../../features/health/index.js';
import { createOAuthRouter } from '../../features/oauth/index.js';
import { assertPermission, createRbacRouter } from '../../features/rbac/index.js';
import { createSaasRouter } from '../../features/saas/index.js';
import { type Mountable, RouteTable } from '../../http/index.js';
import type { Identity } from '../identity.js';
import type { Room } from '../rooms/index.js';
import type { KernelSettings } from '../settings/settings.js';

export interface RoutesOptions {
  settings: KernelSettings;
  version: string;
  description: string;
  routers: readonly Mountable[];
  identity: Identity;
  /** False where accounts would be in a database and there is none. */
  hasAccounts: boolean;
  readiness: Readiness;
  /** What Prometheus gets. */
  renderMetrics(): Promise<string>;
  rooms: readonly Room[];
  /** Present where captured mails may be looked at: by admins, and `openLocally` by whoever sits at the machine. */
  mailbox: { mailer: Mailer; openLocally: boolean } | undefined;
}

const DOCS_PATH = '/docs';

/** Every route of a kernel. The kernel's own come first, so that no router can shadow how people sign in. */
export function mountRoutes(options: RoutesOptions): RouteTable {
  const { settings, version, description, readiness, renderMetrics, mailbox } = options;
  const { features, observability } = settings;
  const info = { title: observability.serviceName, version, description };
  const routes = new RouteTable();
  const { healthPath, readyPath, metricsPath } = features;
  const health = features.enableHealthRoutes ? { health: healthPath, ready: readyPath } : {};

  routes.mount([createRootInfoRouter({ service: info.title, version, docs: DOCS_PATH, ...health })]);
  if (features.enableHealthRoutes) routes.mount([createHealthRouter({ readiness, healthPath, readyPath })]);
  if (features.enableMetrics) {
    routes.mount([
      createMetricsRouter({ render: renderMetrics, path: metricsPath, protection: features.protectMetrics }),
    ]);
  }
  routes.mount([createDocsRouter({ routes, info })]);
  if (mailbox) routes.mount([createMailRouter(mailbox.mailer, mailbox)]);
  mountIdentity(routes, options);
  for (const room of options.rooms) room.mount?.(routes, features.kernelPrefix);
  routes.mount(options.routers, features.kernelPrefix);
  routes.compile();
  return routes;
}

function mountIdentity(routes: RouteTable, { identity, settings, hasAccounts }: RoutesOptions): void {
  const { auth, saas, apiKeys, roles, oauth } = identity;
  const { features, security } = settings;
  if (hasAccounts && hasAuthRoutes(settings)) {
    const { maxBodySize } = security;
    routes.mount([createAuthRouter({ ...auth, prefix: features.authPrefix, maxBodySize })], features.kernelPrefix);
  }
  if (oauth) {
    const isSecure = settings.oauth.publicUrl?.startsWith('https:') ?? true;
    const prefix = `${features.authPrefix}/oauth`;
    routes.mount([createOAuthRouter({ ...oauth, users: auth.userStore, prefix, isSecure })], features.kernelPrefix);
  }
  if (settings.auth.enabled) routes.guards.register('scope', assertScope);
  if (apiKeys) routes.mount([createApiKeyRouter({ keys: apiKeys, saas })], features.kernelPrefix);
  if (roles) {
    routes.guards.register('permission', (ctx, permission) => assertPermission(ctx, permission, roles));
    routes.mount([createRbacRouter({ roles, users: auth.userStore })], features.kernelPrefix);
  }
  if (saas) routes.mount([createSaasRouter({ ...saas, prefix: features.saasPrefix })], features.kernelPrefix);
}

function hasAuthRoutes({ auth, features }: KernelSettings): boolean {
  return auth.enabled && features.enableAuthRoutes && features.authMode === 'local';
}

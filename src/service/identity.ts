import { ApiKeyStore, createApiKeyAuthenticator } from '../features/api-keys/index.js';
import { type Auth, createAuth, RedisSessionStore } from '../features/auth/index.js';
import { type EmailMessage, mailDeliveryService, mailerService, Outbox } from '../features/email/index.js';
import { OAuthAccountStore } from '../features/oauth/index.js';
import { RoleStore, roleService } from '../features/rbac/index.js';
import { createSaas, MemberStore, type Saas } from '../features/saas/index.js';
import { GuardRegistry } from '../http/index.js';
import { endsWithin } from '../jobs/ends-within.js';
import type { BootOptions } from './boot.js';
import type { Engines } from './engines.js';
import { deliverByJob } from './jobs/mail-job.js';
import { buildOAuth, hasOAuth, type OAuthParts } from './oauth.js';
import type { KernelSettings } from './settings/settings.js';
import { AccountAudit } from './telemetry/account-audit.js';

/** After a start that failed there is no limit, and a timer takes no endless wait. */
const LONGEST_WAIT_MS = 60_000;

/** Who may do what for whom: the rooms about people, wired to each other. */
export interface Identity {
  auth: Auth;
  /** Absent without a database, and where it is switched off. */
  saas: Saas | undefined;
  /** Absent without a database. */
  apiKeys: ApiKeyStore | undefined;
  /** Absent without a database. */
  roles: RoleStore | undefined;
  /** Absent without a database, and without a provider. */
  oauth: OAuthParts | undefined;
}

export function buildIdentity(options: BootOptions, engines: Engines): Identity {
  const outbox = openOutbox(options, engines);
  const saas = hasSaas(options.settings) && engines.database ? buildSaas(options, engines, outbox) : undefined;
  const { database: db } = engines;
  const { clock } = options.parts;
  const timed = clock && { clock };
  const hasTables = db !== undefined && options.settings.auth.enabled;
  const apiKeys = hasTables ? new ApiKeyStore({ ...timed, db }) : undefined;
  const roles = hasTables ? new RoleStore({ ...timed, db }) : undefined;
  if (roles) options.services.provide(roleService, roles);
  const auth = buildAuth(options, engines, { saas, apiKeys, outbox });
  return { auth, saas, apiKeys, roles, oauth: buildOAuth(options, engines, { auth, saas }) };
}

/** Whether there are workspaces, where there is a database. */
export function hasSaas({ auth, features }: KernelSettings): boolean {
  return auth.enabled && features.enableSaasRoutes;
}

/** The kinds of guards that there will be, by name alone: enough to see which routes could never be mounted. */
export function expectedGuards(settings: KernelSettings): GuardRegistry {
  const guards = new GuardRegistry();
  if (settings.auth.enabled) guards.register('scope', () => {});
  if (settings.databaseUrl === null) return guards;
  if (settings.auth.enabled) guards.register('permission', () => {});
  if (hasSaas(settings)) guards.register('workspace', () => {});
  return guards;
}

function buildAuth(
  { settings, authConfig: config, parts, logger, kernel, services }: BootOptions,
  { redis, database, limiter }: Engines,
  { saas, apiKeys, outbox }: Pick<Identity, 'saas' | 'apiKeys'> & { outbox: Outbox | undefined },
): Auth {
  const members = new MemberStore(database ? { db: database } : {});
  const audit = new AccountAudit(services);
  return createAuth({
    config,
    db: database,
    userStore: parts.userStore,
    sessionStore: database ? undefined : new RedisSessionStore(redis.client, redis.key('auth:')),
    limiter,
    hasher: parts.passwordHasher,
    clock: parts.clock,
    allowSelfSignup: settings.features.allowSelfSignup,
    authenticators: apiKeys && [
      createApiKeyAuthenticator({ keys: apiKeys, users: kernel.userStore, members, onUse: audit.keyUsed }),
    ],
    onTakeover: async (userId) => {
      await apiKeys?.revokeAll(userId);
      if (database && hasOAuth(settings)) await new OAuthAccountStore({ db: database }).unlinkAll(userId);
    },
    onEvent: audit.happened,
    outbox,
    verifyEmailUrl: settings.features.verifyEmailUrl,
    resetPasswordUrl: settings.features.resetPasswordUrl,
    onSignup: async (user) => void (await saas?.workspaces.ensurePersonal(user)),
    logger,
  });
}

function buildSaas({ settings, kernel, parts }: BootOptions, { database }: Engines, outbox: Outbox | undefined): Saas {
  const { saasInviteBaseUrl: inviteBaseUrl } = settings.features;
  return createSaas({ userStore: kernel.userStore, db: database, outbox, inviteBaseUrl, clock: parts.clock });
}

/** Undefined where no mail can be sent and none is captured: then nothing is tried in vain. */
function openOutbox(options: BootOptions, { queue }: Engines): Outbox | undefined {
  const { services, lifecycle, kernel, logger, settings, parts } = options;
  const mailer = services.get(mailerService);
  if (!mailer?.canSend) return undefined;
  const send = (message: EmailMessage): Promise<unknown> => mailer.send(message);
  const { workerCount } = settings.jobs;
  const hasWorkers = workerCount > 0 && Object.keys(parts.jobRegistry.tasks).length > 0;
  const secret = settings.auth.tokenSecret;
  const isQueued = mailer.isConfigured && hasWorkers && secret !== '';
  const deliver = isQueued
    ? deliverByJob({ queue, registry: parts.jobRegistry, secret, send, workerCount, logger })
    : send;
  services.provide(mailDeliveryService, deliver);
  const outbox = new Outbox({ deliver, logger });
  lifecycle.push('outgoing mail', async () => {
    const isOut = await endsWithin(outbox.settle(), Math.min(kernel.shutdownTimeLeftMs, LONGEST_WAIT_MS));
    if (!isOut) logger.warn('Mails were still on their way when the service ended');
  });
  return outbox;
}

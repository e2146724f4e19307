import type Koa from 'koa';
import { runWithContext, withoutContext } from '../base/context.js';
import { KernelError } from '../base/errors.js';
import { Lifecycle } from '../base/lifecycle.js';
import type { Logger } from '../base/ports.js';
import { Services } from '../base/services.js';
import type { ApiKeyStore } from '../features/api-keys/index.js';
import {
  AUTH_CONFIG,
  type Auth,
  type AuthConfig,
  type AuthUser,
  authConfig,
  type IssuedTokens,
  KernelUserStore,
  type UserStore,
} from '../features/auth/index.js';
import { Readiness } from '../features/health/index.js';
import type { RoleStore } from '../features/rbac/index.js';
import type { Saas } from '../features/saas/index.js';
import {
  compose,
  createStack,
  type HttpMiddleware,
  installStack,
  type MatchedRoute,
  OpenStreams,
  RouteTable,
} from '../http/index.js';
import { type JobQueue, JobRegistry } from '../jobs/index.js';
import type { Database } from '../orm/index.js';
import type { RedisConnection } from '../redis/index.js';
import { createLogger, createMetrics, type KernelMetrics, loggerService, metricsService } from '../telemetry/index.js';
import { bootKernel, type RunningKernel } from './boot.js';
import { type EnvironmentName, environmentService, getEnv } from './env/index.js';
import { expectedGuards } from './identity.js';
import type { KernelParts } from './kernel-parts.js';
import type { KernelSettings } from './settings/settings.js';

export const DEFAULT_SHUTDOWN_TIMEOUT_MS = 30_000;

/**
 * One running kernel on one Koa application. Making it connects nothing: `ready()` does, and `close()` undoes it in
 * reverse. In a handler it is `ctx.state.kernel`.
 */
export class KernelRuntime {
  readonly settings: KernelSettings;
  /** The code and the objects that it was made with. */
  readonly parts: KernelParts;
  readonly environment: EnvironmentName;
  readonly logger: Logger;
  readonly metrics: KernelMetrics;
  readonly jobRegistry: JobRegistry;
  readonly userStore: UserStore;
  /** Secret, lifetimes, issuer and audience, for custom sign-in flows. */
  readonly authConfig: AuthConfig;
  readonly readiness: Readiness;
  /** The event streams that are open. */
  readonly streams: OpenStreams;
  /** Where the free accessors (`getCache()`, `getRedis()`, …) find what this kernel provides. */
  readonly services = new Services();
  readonly #lifecycle = new Lifecycle();
  #starting: Promise<RunningKernel> | undefined;
  #running: RunningKernel | undefined;
  #takesRequests = false;
  #isClosed = false;
  #closeBy = Number.POSITIVE_INFINITY;

  constructor(app: Koa, settings: KernelSettings, parts: KernelParts = {}) {
    const { serviceName: name, logLevel: level, logDir, addCallerInfo } = settings.observability;
    this.settings = settings;
    this.environment = parts.environment ?? getEnv();
    const isProd = this.environment === 'prod';
    this.logger = parts.logger ?? createLogger({ name, level, logDir, addCallerInfo: addCallerInfo && !isProd });
    this.metrics = createMetrics({ logger: this.logger });
    this.jobRegistry = parts.jobRegistry ?? new JobRegistry();
    this.userStore = parts.userStore ?? ownUsers(this, parts);
    this.authConfig = authConfig({ ...settings.auth, issuer: name });
    this.streams = new OpenStreams(this.logger);
    this.readiness = new Readiness({ checks: settings.healthChecks, ...(parts.clock && { clock: parts.clock }) });
    this.parts = parts;
    refuseWrongRoutes(settings, parts);
    installStack(app, this.#lateStack());
  }

  /**
   * Connects, migrates, seeds, starts the workers. Idempotent; after a failure everything is released again.
   * @throws KernelError `E_NOT_STARTED` after `close()`: what it would start, nobody would end.
   */
  async ready(): Promise<void> {
    if (this.#isClosed) throw new KernelError('E_NOT_STARTED', 'The kernel has been closed; make a new one');
    this.#starting ??= withoutContext(() => this.#start());
    await this.#starting;
  }

  /** Stops what `ready` started, last first; running jobs may take `timeoutMs` to finish. Idempotent. */
  async close({ timeoutMs = DEFAULT_SHUTDOWN_TIMEOUT_MS }: { timeoutMs?: number } = {}): Promise<void> {
    this.#isClosed = true;
    this.#closeBy = performance.now() + timeoutMs;
    this.drain();
    await this.#starting?.catch(() => {});
    this.#takesRequests = false;
    await this.#release();
  }

  /** Readiness falls, and event streams end, telling their clients when to come back. */
  drain(): void {
    this.readiness.drain();
    this.streams.drain();
  }

  /** Jobs and `onShutdown` still reach the engines, through the kernel and through the accessors. */
  async #release(): Promise<void> {
    try {
      await runWithContext({ services: this.services }, () => this.#lifecycle.close());
    } finally {
      this.#running = undefined;
      this.services.close();
    }
  }

  /** Whether `close()` has been called: such a kernel answers 503 and never starts again. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** What is left of the time given to `close`, ms. */
  get shutdownTimeLeftMs(): number {
    return Math.max(0, this.#closeBy - performance.now());
  }

  /** @throws KernelError `E_NOT_STARTED` before `ready()`, or where no database is configured. */
  get database(): Database {
    const { database } = this.#live.engines;
    if (!database) throw new KernelError('E_NOT_STARTED', 'This kernel has no database; set databaseUrl');
    return database;
  }

  /** @throws KernelError `E_NOT_STARTED` before `ready()`. */
  get redis(): RedisConnection {
    return this.#live.engines.redis;
  }

  /** @throws KernelError `E_NOT_STARTED` before `ready()`. */
  get jobs(): JobQueue {
    return this.#live.engines.queue;
  }

  /** @throws KernelError `E_NOT_STARTED` before `ready()`. */
  get auth(): Auth {
    return this.#live.identity.auth;
  }

  /** Workspaces, members, invites and projects. @throws KernelError `E_NOT_STARTED` before `ready()`, or without them. */
  get saas(): Saas {
    const { saas } = this.#live.identity;
    if (!saas) throw new KernelError('E_NOT_STARTED', 'This kernel has no workspaces; they need a database');
    return saas;
  }

  /** @throws KernelError `E_NOT_STARTED` before `ready()`, or without a database. */
  get apiKeys(): ApiKeyStore {
    const { apiKeys } = this.#live.identity;
    if (!apiKeys) throw new KernelError('E_NOT_STARTED', 'This kernel has no API keys; they need a database');
    return apiKeys;
  }

  /** Roles and who has them. @throws KernelError `E_NOT_STARTED` before `ready()`, or without a database. */
  get roles(): RoleStore {
    const { roles } = this.#live.identity;
    if (!roles) throw new KernelError('E_NOT_STARTED', 'This kernel has no roles; they need a database');
    return roles;
  }

  /** Every route, the kernel's and the service's. @throws KernelError `E_NOT_STARTED` before `ready()`. */
  get routes(): readonly MatchedRoute[] {
    return this.#live.routes.routes();
  }

  /** Tokens of a new session, which logout can end: for ways to sign in of your own. */
  issueTokens(user: Pick<AuthUser, 'id' | 'email' | 'role'>): Promise<IssuedTokens> {
    return this.auth.issueTokens(user);
  }

  get #live(): RunningKernel {
    if (this.#running) return this.#running;
    throw new KernelError('E_NOT_STARTED', 'The kernel is not running; call ready() first');
  }

  /** What there is before any engine is open. */
  #provideOwn(): void {
    this.services.provide(environmentService, this.environment);
    this.services.provide(loggerService, this.logger);
    this.services.provide(metricsService, this.metrics);
    this.services.provide(AUTH_CONFIG, this.authConfig);
  }

  async #start(): Promise<RunningKernel> {
    const { settings, environment, logger, metrics, services, readiness } = this;
    const lifecycle = this.#lifecycle;
    this.#provideOwn();
    const parts = { ...this.parts, jobRegistry: this.jobRegistry };
    try {
      return await runWithContext({ services }, async () => {
        const boot = { settings, environment, logger, metrics, services, readiness, lifecycle, parts };
        this.#running = await bootKernel({ ...boot, authConfig: this.authConfig, kernel: this });
        await this.#running.begin();
        this.#takesRequests = true;
        return this.#running;
      });
    } catch (error) {
      this.#starting = undefined;
      await this.#release().catch((fault) => logger.error({ err: fault }, 'The failed start left something open'));
      throw error;
    }
  }

  /** The pipeline needs engines that `ready()` opens, but its place in the application is taken now. */
  #lateStack(): { before: HttpMiddleware[]; route: HttpMiddleware } {
    const closed = closedStack(this);
    const stack = (): RunningKernel['stack'] => (this.#takesRequests && this.#running?.stack) || closed;
    return { before: [(ctx, next) => stack().before(ctx, next)], route: (ctx, next) => stack().route(ctx, next) };
  }
}

/** Accounts in the kernel's own database, which is open once it is `ready()`. */
function ownUsers(kernel: KernelRuntime, { clock }: KernelParts): KernelUserStore {
  const on = {
    get db() {
      return kernel.database;
    },
  };
  return new KernelUserStore(on, clock);
}

/** Before `ready()`: 503 as a problem, with the headers of any other answer. */
function closedStack({ logger, metrics, settings, environment }: KernelRuntime): RunningKernel['stack'] {
  const { cors } = settings;
  const security = { ...settings.security, debug: false };
  const production = environment === 'prod';
  const { before } = createStack({ routes: new RouteTable(), logger, metrics, security, cors, production });
  const refuse = (): never => {
    throw new KernelError('E_NOT_STARTED', 'The service is not ready');
  };
  return { before: compose([...before, refuse]), route: refuse };
}

/** A route that cannot be mounted is a mistake in the code: it shows when the service is made, not when it starts. */
function refuseWrongRoutes(settings: KernelSettings, { routers = [] }: KernelParts): void {
  const table = new RouteTable(expectedGuards(settings));
  table.mount(routers);
  table.compile();
}

import type { Logger } from '../../base/ports.js';
import type { UserStore } from '../../features/auth/index.js';
import type { BillingService } from '../../features/billing/index.js';
import type { HealthCheck } from '../../features/health/index.js';
import type { TestRunner } from '../../features/self-test/index.js';
import type { Mountable } from '../../http/index.js';
import type { TaskHandler } from '../../jobs/index.js';
import type { DatabaseHandle, EntityTarget } from '../../orm/index.js';
import type { EnvCheck } from '../env/index.js';
import type { ServiceConfig } from './config.js';
import type {
  BillingSettings,
  FeatureSettings,
  OAuthSettings,
  TelemetrySettings,
  WebhookSettings,
} from './settings.js';

/** Everything `createService` takes. Only `name` is required; `docs/configuration.md` says what each does. */
export interface ServiceOptions {
  /** Name in logs, metrics, docs and the default database file. */
  name: string;
  version?: string;
  /** Shown on the docs page. */
  description?: string;
  /** Prefix of the kernel's API routes and of `routers`. */
  apiPrefix?: string;
  /** @koa/router Routers, `['/prefix', router]` pairs, or the kernel's own `createRouter()`. */
  routers?: readonly Mountable[];
  /** Background job handlers by task name; the URL of a module that exports `handle` runs in a thread. */
  tasks?: Readonly<Record<string, TaskHandler>>;
  /** Entities of this service; default every `@Entity` class that was imported. */
  entities?: readonly EntityTarget[];
  databaseUrl?: string;
  /** Most connections to the database's server. */
  databasePoolSize?: number;
  /** Longest run of one statement on the database's server, ms; 0 is no limit. */
  databaseStatementTimeoutMs?: number;
  /** Statements that take as long are logged, without their values, ms; 0 logs none. */
  slowQueryMs?: number;
  /** When backups are made: cron of five fields, in UTC; default daily at 15:00, `null` for never. */
  backupSchedule?: string | null;
  /** Which backups stay when a new one has been made; default all. */
  backupRetention?: { count?: number; days?: number };
  /** Store audit records and the like in this process; default true. */
  adminWorkerEmbedded?: boolean;
  /** Where they are written to and read from; default `databaseUrl`. */
  adminDbUrl?: string;
  /** Days that records are kept, by kind; `null` keeps all. What is older is removed in small batches. */
  retention?: Partial<TelemetrySettings['retention']>;
  /** Keep every request in a table; default true. */
  requestMetricsEnabled?: boolean;
  /** Further parts of names of parameters, of queries and paths, whose values are masked in that table and in the log. */
  sensitiveParams?: readonly string[];
  /** Count requests for their user and workspace; default true. */
  meteringEnabled?: boolean;
  /** An S3-compatible bucket that backups are sent to: `s3://key:secret@bucket/prefix?region=…&endpoint=https://…`. */
  backupStore?: string;
  /** Seals backups that leave this machine; with `local`, all. The key is 32 bytes as hex or base64. */
  backupEncryption?: { key: string; local?: boolean };
  redisUrl?: string;
  /** Prefix of every Redis key, so that services can share one Redis. */
  redisNamespace?: string;
  /** In production: run on the in-memory engine when Redis is away, loudly. */
  allowRedisFallback?: boolean;
  /** Runs once per start under the migration lock, after the entities' own migration. */
  schemaInit?: (db: DatabaseHandle) => unknown;
  /** Runs once per start under the migration lock, after `schemaInit`. */
  dbSeed?: (db: DatabaseHandle) => unknown;
  jwtSecret?: string;
  allowSelfSignup?: boolean;
  /** Replaces the kernel's own users. */
  userStore?: UserStore;
  /** Sign in with Google. */
  oauthGoogle?: readonly [clientId: string, clientSecret: string];
  /** Sign in with GitHub. */
  oauthGithub?: readonly [clientId: string, clientSecret: string];
  /** Provider URLs in place of the real ones: tests run against a local provider. */
  oauthEndpoints?: OAuthSettings['endpoints'];
  /** Pages people may be sent to after signing in; one that ends with `/` allows all below it. */
  oauthRedirectUrls?: readonly string[];
  /** Where this service is reached from outside; callbacks of providers are below it. */
  publicUrl?: string;
  /** Key of Stripe; without it there is no billing. */
  stripeSecretKey?: string;
  /** What Stripe signs its events with; without it none is taken. */
  stripeWebhookSecret?: string;
  /** Where Stripe is, when not at its own address: tests run against a stand-in. */
  stripeApiBase?: string;
  /** Makes products and prices; runs once per start under the migration lock, after `dbSeed`. */
  seedBilling?: (db: DatabaseHandle, billing: BillingService) => unknown;
  /** Pages that Stripe may send buyers back to, trials, the currency of prices that name none, … */
  billing?: Partial<Omit<BillingSettings, 'secretKey' | 'webhookSecret' | 'apiBase'>>;
  /** Creates or keeps a first admin. */
  admin?: { email: string; password: string };
  rateLimitAnonymousRpm?: number;
  rateLimitAuthenticatedRpm?: number;
  rateLimitAdminRpm?: number;
  corsOrigins?: readonly string[];
  smtpUrl?: string;
  emailFrom?: string;
  /** Extra validation at start: each answers `[passed, message]`. */
  envChecks?: readonly EnvCheck[];
  healthChecks?: readonly HealthCheck[];
  /** Runs after migrations, before workers. */
  onStartup?: () => unknown;
  /** Runs after workers have stopped, before pools close. */
  onShutdown?: () => unknown;
  /** Adds a `debug` member to problem bodies; forced off in production. */
  debug?: boolean;
  /** Self-tests of the running service, each at `POST /test/<name of the function>`, for admins. */
  testRunners?: readonly TestRunner[];
  /** Mounts the self-tests in production as well. */
  enableTestRoutes?: boolean;
  /** Which routes are mounted, and where. */
  features?: Partial<FeatureSettings>;
  /** Where events may be sent, and how. */
  webhooks?: Partial<WebhookSettings>;
  config?: ServiceConfig;
  /** For the files the service keeps itself (audit scripts, development secret). */
  dataDir?: string;
  /** Where `.env` files and `static/` are looked for; default the directory of the entry script. */
  rootDir?: string;
  /** Number of trusted proxy hops in front of the service. */
  trustProxy?: number;
  maxBodySize?: number;
  /** Replaces the built-in logger. */
  logger?: Logger;
  /** Longest graceful shutdown, ms. */
  shutdownTimeoutMs?: number;
}

import { z } from 'zod';
import { ConfigError } from '../../base/errors.js';
import type { HealthCheck } from '../../features/health/index.js';

const seconds = z.number().positive();
const count = z.number().int().positive();
const path = z
  .string()
  .regex(/^\/[\w\-./]*$/, 'must start with "/" and hold only letters, digits, "-", "_", "." and "/"');
const prefix = z.union([z.literal(''), path]);
const url = z.url({ protocol: /^https?$/, error: 'is not an http(s) URL' });
const pageUrl = url.nullable().default(null);
const logLevel = z
  .string()
  .regex(/^(trace|debug|info|warn|warning|error|fatal|critical|silent)$/i, 'is not a log level');

const auth = z.strictObject({
  tokenSecret: z.string().default('').describe('Signs tokens (HS256). 32 characters or more in production.'),
  accessTokenExpiresMinutes: z.number().positive().default(15).describe('Life of an access token.'),
  refreshTokenExpiresDays: z.number().positive().default(30).describe('Life of a session that is not refreshed.'),
  enabled: z.boolean().default(true).describe('Off: no token is accepted and no auth route is mounted.'),
});

const redis = z.strictObject({
  url: z.string().nullable().default('redis://localhost:6379').describe('`null` runs on the in-memory engine.'),
  keyPrefix: z.string().default('queue:').describe('Prefix of the job queue’s keys.'),
  namespace: z.string().default('').describe('Prefix of every key, so that services can share one Redis.'),
  maxConnections: count.default(10).describe('Most Redis clients of this process.'),
  socketTimeoutSeconds: seconds.default(5).describe('Longest wait for the answer to a command.'),
  socketConnectTimeoutSeconds: seconds.default(5).describe('Longest wait for a connection.'),
  allowFallback: z
    .boolean()
    .default(false)
    .describe('Production only: run on the in-memory engine when Redis is away.'),
});

const streaming = z.strictObject({
  maxConcurrentPerUser: z.number().int().min(0).default(5).describe('Most streams a user has open; 0 is no limit.'),
  leaseTtlSeconds: seconds.default(180).describe('How long a stream counts after its process has died.'),
  leaseKeyNamespace: z.string().default('stream_leases').describe('Where Redis keeps the open streams.'),
});

const jobs = z.strictObject({
  workerCount: z.number().int().min(0).default(4).describe('Jobs in flight in this process; 0 runs no worker here.'),
  threadPoolSize: count.default(8).describe('Most threads for tasks that are given by the URL of their module.'),
  outbox: z
    .boolean()
    .default(true)
    .describe('Jobs enqueued inside a `dbContext` are committed or rolled back with it.'),
  workTimeoutSeconds: seconds.default(300).describe('Longest run of one attempt.'),
  maxAttempts: count.default(3).describe('Attempts before a job becomes a dead letter.'),
  retryDelaysSeconds: z
    .array(z.number().min(0))
    .min(1)
    .default([1, 5, 30])
    .describe('Waits between attempts; the last one repeats.'),
});

const observability = z.strictObject({
  serviceName: z.string().min(1).default('app').describe('Name in logs, metrics and docs.'),
  logLevel: logLevel.default('INFO').describe('Least severe level that is logged.'),
  logDir: z.string().nullable().default(null).describe('Also write JSON lines to a file in this directory.'),
  addCallerInfo: z.boolean().default(true).describe('Add file and line to log entries (not in production).'),
});

const reliability = z.strictObject({
  rateLimitEnabled: z.boolean().default(true).describe('Limit requests per caller.'),
  rateLimitAnonymousRpm: count.default(30).describe('Requests per window, by address.'),
  rateLimitAuthenticatedRpm: count.default(120).describe('Requests per window, by user.'),
  rateLimitAdminRpm: count.default(600).describe('Requests per window, by admin.'),
  rateLimitWindowSeconds: count.default(60).describe('Length of the sliding window.'),
  idempotencyEnabled: z.boolean().default(true).describe('Answer repeated requests without running them again.'),
  idempotencyTtlSeconds: count.default(86_400).describe('How long answers to an `Idempotency-Key` are kept.'),
});

const features = z.strictObject({
  enableHealthRoutes: z.boolean().default(true).describe('Mount the liveness and readiness probes.'),
  healthPath: path.default('/healthz').describe('Liveness probe.'),
  readyPath: path.default('/readyz').describe('Readiness probe.'),
  enableMetrics: z.boolean().default(true).describe('Mount the Prometheus endpoint.'),
  metricsPath: path.default('/metrics').describe('Prometheus endpoint.'),
  protectMetrics: z.enum(['admin', 'internal', 'none']).default('admin').describe('Who may read the metrics.'),
  enableAuthRoutes: z.boolean().default(true).describe('Mount register, login and the rest.'),
  authMode: z
    .enum(['local', 'apikey', 'external'])
    .default('local')
    .describe(
      '`local` mounts the auth routes; the others leave sign-in to you, and with `apikey` every key stands for its user.',
    ),
  allowSelfSignup: z.boolean().default(true).describe('Let anyone register.'),
  authPrefix: path.default('/auth').describe('Where the auth routes are, below `kernelPrefix`.'),
  enableFlagRoutes: z.boolean().default(true).describe('Feature flags, where there is a database.'),
  flagsPrefix: path.default('/flags').describe('Where the flag routes are, below `kernelPrefix`.'),
  enableJobRoutes: z.boolean().default(true).describe('Mount the routes of background jobs, where there are tasks.'),
  jobRoutesPrefix: path.default('/jobs').describe('Where the job routes are, below `kernelPrefix`.'),
  verifyEmailUrl: pageUrl.describe('Page that takes `?token=` and verifies an address; `null` mails the bare token.'),
  resetPasswordUrl: pageUrl.describe('Page that takes `?token=` and sets a password; `null` mails the bare token.'),
  enableSaasRoutes: z
    .boolean()
    .default(true)
    .describe('Workspaces, members, invites and projects, and a personal workspace for whoever registers.'),
  saasPrefix: path.default('/workspaces').describe('Where the workspace routes are, below `kernelPrefix`.'),
  saasInviteBaseUrl: pageUrl.describe('Page that takes `?token=` and accepts an invite; `null` mails the bare token.'),
  kernelPrefix: prefix.default('').describe('Prefix of the kernel’s API routes.'),
});

const cors = z.strictObject({
  enabled: z.boolean().default(true).describe('Answer cross-origin requests.'),
  allowOrigins: z.array(z.string()).default(['*']).describe('Exact origins, or `*` (then without credentials).'),
  allowCredentials: z.boolean().default(true).describe('Let browsers send cookies and Authorization.'),
  allowMethods: z.array(z.string()).default(['*']).describe('Methods a browser may use.'),
  allowHeaders: z.array(z.string()).default(['*']).describe('Headers a browser may send.'),
  exposeHeaders: z.array(z.string()).default(['X-Runtime', 'X-Request-ID']).describe('Headers a browser may read.'),
});

const security = z.strictObject({
  enableRequestId: z.boolean().default(true).describe('Send `X-Request-ID`.'),
  enableSecurityHeaders: z.boolean().default(true).describe('Send nosniff, CSP, HSTS and their kin.'),
  enableRequestLogging: z.boolean().default(true).describe('Log one line per request.'),
  enableErrorHandling: z.boolean().default(true).describe('Turn errors into problem bodies.'),
  maxBodySize: count.default(10_485_760).describe('Most bytes of a request body, after decompression.'),
  debug: z.boolean().default(false).describe('Add a `debug` member to problem bodies; never in production.'),
});

const email = z.strictObject({
  smtpUrl: z
    .string()
    .nullable()
    .default(null)
    .describe('`smtp://user:password@host:587`; `null` captures mails in memory.'),
  from: z.string().nullable().default(null).describe('Sender address.'),
  replyTo: z.string().nullable().default(null).describe('Reply-to address.'),
  useTls: z.boolean().default(true).describe('Refuse to send without TLS (except to this machine).'),
});

const oauthClient = z.strictObject({ clientId: z.string().min(1), clientSecret: z.string().min(1) }).nullable();
const endpoints = z.strictObject({ authorize: url, token: url, userinfo: url, emails: url, issuer: url }).partial();

const oauth = z.strictObject({
  google: oauthClient.default(null).describe('`{ clientId, clientSecret }`: sign in with Google.'),
  github: oauthClient.default(null).describe('`{ clientId, clientSecret }`: sign in with GitHub.'),
  endpoints: z
    .strictObject({ google: endpoints, github: endpoints })
    .partial()
    .default({})
    .describe('Where the providers are, when not where everybody’s are.'),
  publicUrl: pageUrl.describe('Where this service is reached; the callback is below it.'),
  redirectUrls: z
    .array(url)
    .default([])
    .describe('Pages people may be sent to after signing in; one that ends with `/` allows all below it.'),
});

const completeOAuth = oauth.superRefine(({ google, github, publicUrl }, context) => {
  if ((!google && !github) || publicUrl !== null) return;
  context.addIssue({ code: 'custom', path: ['publicUrl'], message: 'is needed to sign in with a provider' });
});

const database = z.strictObject({
  dataDir: z.string().default('.data').describe('Audit scripts of migrations and other files the database keeps.'),
  poolSize: count.default(10).describe('Most connections to the database’s server.'),
  statementTimeoutMs: z
    .number()
    .int()
    .min(0)
    .default(30_000)
    .describe('Longest run of one statement on a server, ms; 0 is no limit.'),
  backupSchedule: z
    .string()
    .regex(/^\s*(\S+\s+){4}\S+\s*$/, 'must be a cron expression of five fields')
    .nullable()
    .default('0 15 * * *')
    .describe('When backups are made, as cron in UTC; `null` for never.'),
  backupRetention: z
    .strictObject({ count: count.optional(), days: count.optional() })
    .nullable()
    .default(null)
    .describe('Which backups stay, by number or age; `null` keeps all.'),
  slowQueryMs: z.number().min(0).default(1_000).describe('Statements that take as long are logged, ms; 0 logs none.'),
});

const schema = z.strictObject({
  auth: auth.prefault({}),
  redis: redis.prefault({}),
  streaming: streaming.prefault({}),
  jobs: jobs.prefault({}),
  observability: observability.prefault({}),
  reliability: reliability.prefault({}),
  features: features.prefault({}),
  cors: cors.prefault({}),
  security: security.prefault({}),
  email: email.prefault({}),
  oauth: completeOAuth.prefault({}),
  database: database.prefault({}),
  databaseUrl: z
    .string()
    .nullable()
    .default(null)
    .describe('Where entities live; without it rooms that need tables are not mounted.'),
  healthChecks: z.array(z.custom<HealthCheck>(isHealthCheck, 'must be a function or ["name", function]')).default([]),
});

function isHealthCheck(value: unknown): boolean {
  if (typeof value === 'function') return true;
  return Array.isArray(value) && typeof value[0] === 'string' && typeof value[1] === 'function';
}

type DeepReadonly<T> = T extends (...args: never[]) => unknown
  ? T
  : T extends readonly (infer Item)[]
    ? readonly DeepReadonly<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
      : T;

/** Everything the kernel can be told, nested by subject and frozen. Defaults are in `docs/configuration.md`. */
export type KernelSettings = DeepReadonly<Omit<z.output<typeof schema>, 'healthChecks'>> & {
  readonly healthChecks: readonly HealthCheck[];
};
export type KernelSettingsInput = z.input<typeof schema>;
export type AuthSettings = KernelSettings['auth'];
export type RedisSettings = KernelSettings['redis'];
export type StreamingSettings = KernelSettings['streaming'];
export type JobSettings = KernelSettings['jobs'];
export type ObservabilitySettings = KernelSettings['observability'];
export type ReliabilitySettings = KernelSettings['reliability'];
export type FeatureSettings = KernelSettings['features'];
export type CorsSettings = KernelSettings['cors'];
export type SecuritySettings = KernelSettings['security'];
export type EmailSettings = KernelSettings['email'];
export type OAuthSettings = KernelSettings['oauth'];

/**
 * Settings with the defaults of their tables: `kernelSettings({ auth: { tokenSecret } })`.
 * @throws ConfigError naming every unknown or malformed field.
 */
export function kernelSettings(input: KernelSettingsInput = {}): KernelSettings {
  const parsed = schema.safeParse(input);
  if (parsed.success) return deepFreeze(parsed.data) as KernelSettings;
  throw new ConfigError(
    'Kernel settings are not valid:',
    parsed.error.issues.map((issue) => ({
      field: issue.path.join('.') || 'settings',
      fault: issue.message,
      mend: 'See docs/configuration.md',
    })),
  );
}

/** The groups and fields of the settings with default and description, for documentation and its test. */
export function describeSettings(): Array<{ group: string; field: string; default: unknown; description: string }> {
  const defaults = kernelSettings() as unknown as Record<string, Record<string, unknown>>;
  const groups = {
    auth,
    redis,
    streaming,
    jobs,
    observability,
    reliability,
    features,
    cors,
    security,
    email,
    oauth,
    database,
  };
  return Object.entries(groups).flatMap(([group, object]) =>
    Object.entries(object.shape).map(([field, type]) => ({
      group,
      field,
      default: defaults[group]?.[field],
      description: type.description ?? '',
    })),
  );
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}

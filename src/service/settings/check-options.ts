import { z } from 'zod';
import type { ConfigFault } from '../../base/errors.js';
import { runnerSlug } from '../../features/self-test/index.js';
import { suggestion } from '../../orm/entity/naming.js';
import { ServiceConfig } from './config.js';
import type { ServiceOptions } from './options.js';

const MEND = 'See docs/configuration.md';
const func = z.custom<(...args: never[]) => unknown>((value) => typeof value === 'function', 'must be a function');
const functions = z.array(func);
const oauthClient = z.tuple([z.string().min(1), z.string().min(1)], 'must be [clientId, clientSecret]');
const rpm = z.int('must be a whole number').positive('must be above 0');

/** What TypeScript cannot hold a plain JavaScript caller to. */
const shape: Record<keyof ServiceOptions, z.ZodType> = {
  name: z.string().min(1, 'must not be empty'),
  version: z.string(),
  description: z.string(),
  apiPrefix: z.string().regex(/^(\/[\w\-./]*[\w\-.])?$/, 'must start with "/" and not end with it'),
  routers: z.array(z.unknown()),
  tasks: z.record(z.string(), func),
  entities: z.array(func),
  databaseUrl: z.string(),
  databasePoolSize: z.int('must be a whole number').positive('must be above 0'),
  databaseStatementTimeoutMs: z.int('must be whole milliseconds').min(0, 'must not be negative'),
  slowQueryMs: z.number('must be a number').min(0, 'must not be negative'),
  backupSchedule: z.string().nullable(),
  backupRetention: z.strictObject({ count: z.int().positive().optional(), days: z.int().positive().optional() }),
  adminWorkerEmbedded: z.boolean(),
  adminDbUrl: z.string(),
  retention: z.looseObject({}),
  requestMetricsEnabled: z.boolean(),
  sensitiveParams: z.array(z.string().min(1, 'must not be empty')),
  meteringEnabled: z.boolean(),
  backupStore: z.string(),
  backupEncryption: z.strictObject({ key: z.string(), local: z.boolean().optional() }),
  redisUrl: z.string(),
  redisNamespace: z.string(),
  allowRedisFallback: z.boolean(),
  schemaInit: func,
  dbSeed: func,
  jwtSecret: z.string(),
  allowSelfSignup: z.boolean(),
  userStore: z.looseObject({}),
  oauthGoogle: oauthClient,
  oauthGithub: oauthClient,
  oauthEndpoints: z.looseObject({}),
  oauthRedirectUrls: z.array(z.string()),
  publicUrl: z.string(),
  stripeSecretKey: z.string().min(1),
  stripeWebhookSecret: z.string().min(1),
  stripeApiBase: z.string(),
  seedBilling: func,
  billing: z.looseObject({}),
  admin: z.strictObject({ email: z.email(), password: z.string().min(8) }),
  rateLimitAnonymousRpm: rpm,
  rateLimitAuthenticatedRpm: rpm,
  rateLimitAdminRpm: rpm,
  corsOrigins: z.array(z.string()),
  smtpUrl: z.string(),
  emailFrom: z.string(),
  envChecks: functions,
  healthChecks: z.array(z.unknown()),
  onStartup: func,
  onShutdown: func,
  debug: z.boolean(),
  testRunners: z.array(func.refine((runner) => runnerSlug(runner.name) !== '', 'must be functions with a name')),
  enableTestRoutes: z.boolean(),
  features: z.looseObject({}),
  webhooks: z.looseObject({}),
  config: z.instanceof(ServiceConfig, { error: 'must be a ServiceConfig: new ServiceConfig({ … })' }),
  dataDir: z.string().min(1),
  rootDir: z.string().min(1),
  trustProxy: z.int('must be the number of proxies').min(0),
  maxBodySize: z.int().positive(),
  logger: z.looseObject({}),
  shutdownTimeoutMs: z.int().positive(),
};

const { name, ...rest } = shape;
const schema = z.strictObject({ name, ...z.object(rest).partial().shape });

/** Every option that is unknown, missing or of the wrong kind. */
export function findOptionFaults(options: unknown): ConfigFault[] {
  const parsed = schema.safeParse(options);
  if (parsed.success) return [];
  return parsed.error.issues.flatMap((issue): ConfigFault[] => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        field: key,
        fault: `is not an option${suggestion(key, Object.keys(shape))}`,
        mend: MEND,
      }));
    }
    return [{ field: issue.path.join('.') || 'options', fault: issue.message, mend: MEND }];
  });
}

import { z } from 'zod';
import { ConfigError } from '../../base/errors.js';
import { type EnvironmentVariables, environmentVariables, loadEnvHierarchy } from '../env/index.js';
import { logLevel } from './groups/field-types.js';
import { oauthProviders } from './oauth-providers.js';

const TRUE = ['true', '1', 'yes', 'on'];
const FALSE = ['false', '0', 'no', 'off', ''];

/** A boolean as people write it in an environment variable. */
const flag = z.custom<boolean | string>().transform((value, context): boolean => {
  if (typeof value === 'boolean') return value;
  if (TRUE.includes(String(value).toLowerCase())) return true;
  if (FALSE.includes(String(value).toLowerCase())) return false;
  context.addIssue('is not a boolean: write true or false');
  return z.NEVER;
});
const whole = z.coerce.number('is not a number').int('is not a whole number').positive('must be above 0');
/** A list, in an environment variable separated by commas. */
const list = z.custom<string[] | string>().transform((value, context): string[] => {
  const items =
    typeof value === 'string'
      ? value
          .split(',')
          .map((item) => item.trim())
          .filter(Boolean)
      : value;
  if (Array.isArray(items) && items.every((item) => typeof item === 'string')) return items;
  context.addIssue('is not a list of strings');
  return z.NEVER;
});
const text = z.string();
/** A name or an address, without a scheme, a user or a port. */
const host = z
  .string()
  .refine(
    (name) => /^(?:[\w.-]+|\[[\da-f:.]+\])$/i.test(name) && URL.canParse(`smtp://${name}`),
    'is not the name of a host: write mail.example.com',
  );

const schema = z
  .strictObject({
    jwtSecret: text,
    jwtExpiryHours: z.coerce.number('is not a number').positive('must be above 0'),
    authEnabled: flag,
    allowSelfSignup: flag,
    saasEnabled: flag,
    saasInviteBaseUrl: text,
    oauthProviders,
    redisUrl: text,
    redisKeyPrefix: text,
    databaseUrl: text,
    backupStore: text,
    backupKey: text,
    corsOrigins: list,
    corsCredentials: flag,
    rateLimitEnabled: flag,
    rateLimitRequests: whole,
    rateLimitWindowSeconds: whole,
    maxConcurrentStreams: z.coerce
      .number('is not a number')
      .int('is not a whole number')
      .min(0, 'must not be negative'),
    streamLeaseTtlSeconds: whole,
    workerCount: z.coerce.number('is not a number').int('is not a whole number').min(0, 'must not be negative'),
    jobMaxAttempts: whole,
    adminWorkerEmbedded: flag,
    adminDbUrl: text,
    emailEnabled: flag,
    emailProvider: z.literal('smtp', 'must be "smtp"'),
    emailFrom: text,
    emailReplyTo: text,
    smtpHost: host,
    smtpPort: whole.max(65_535, 'is not a port'),
    smtpUser: text,
    smtpPassword: text,
    smtpUseTls: flag,
    debug: flag,
    logLevel,
    requestMetricsEnabled: flag,
    requestMetricsExcludePaths: list,
    meteringEnabled: flag,
    tracingEnabled: flag,
    tracingExcludePaths: list,
    tracingSampleRate: z.coerce.number('is not a number').min(0, 'must not be negative').max(1, 'must not be above 1'),
  })
  .partial();

export type ServiceConfigFields = z.output<typeof schema>;
type FieldName = keyof ServiceConfigFields;

const FIELD_NAMES = Object.keys(schema.shape) as FieldName[];
/** Variables whose names are not their field in UPPER_SNAKE. */
const ALIASES: Readonly<Record<string, FieldName>> = {
  RATE_LIMIT_RPM: 'rateLimitRequests',
  RATE_LIMIT_WINDOW: 'rateLimitWindowSeconds',
  STREAM_LEASE_TTL: 'streamLeaseTtlSeconds',
};

/** Lets `config.jwtSecret` be read and typed without writing every field down a second time. */
const FieldReader = class {} as new () => Readonly<ServiceConfigFields>;

/**
 * The flat, friendly configuration: hand it to `createService({ config })`.
 * A field left out keeps `createService`'s default, one that is given wins over it, and an explicit option wins over both.
 */
export class ServiceConfig extends FieldReader {
  /** The fields that were given, and only those. */
  readonly fields: Readonly<ServiceConfigFields>;

  /** @throws ConfigError naming every unknown or malformed field. */
  constructor(fields: ServiceConfigFields = {}) {
    super();
    this.fields = Object.freeze(parse(fields, (field) => field));
    Object.assign(this, this.fields);
    Object.freeze(this);
  }

  /**
   * Reads every field from its UPPER_SNAKE variable (`DATABASE_URL`, `JWT_SECRET`, `RATE_LIMIT_RPM`, …); unknown
   * variables are ignored, and `SMTP_HOST` alone switches e-mail on.
   * @throws ConfigError naming every malformed variable.
   */
  static fromEnv(env: Readonly<Record<string, string | undefined>> = loadedVariables()): ServiceConfig {
    const fields: Record<string, string> = {};
    const variables = new Map<string, string>();
    const read = (variable: string, field: FieldName): void => {
      const value = env[variable];
      if (value === undefined || (value === '' && field !== 'debug')) return;
      fields[field] = value;
      variables.set(field, variable);
    };
    for (const field of FIELD_NAMES) read(upperSnake(field), field);
    for (const [variable, field] of Object.entries(ALIASES)) read(variable, field);
    const parsed = parse(fields, (field) => variables.get(field) ?? field);
    return new ServiceConfig({ ...(parsed.smtpHost !== undefined && { emailEnabled: true }), ...parsed });
  }
}

/** The process's variables with the `.env` files under them: a configuration is often read before the service is made. */
function loadedVariables(): EnvironmentVariables {
  loadEnvHierarchy();
  return environmentVariables();
}

function parse(fields: unknown, nameOf: (field: string) => string): ServiceConfigFields {
  const parsed = schema.safeParse(fields);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => ({
    field: nameOf(String(issue.path[0] ?? 'config')),
    fault: issue.message,
    mend: 'See docs/configuration.md',
  }));
  throw new ConfigError('The service configuration is not valid:', faults);
}

function upperSnake(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

import { z } from 'zod';
import { ConfigError } from '../../base/errors.js';
import type { HealthCheck } from '../../features/health/index.js';
import { auth } from './groups/auth.js';
import { billing } from './groups/billing.js';
import { cors } from './groups/cors.js';
import { database } from './groups/database.js';
import { email } from './groups/email.js';
import { features } from './groups/features.js';
import { jobs } from './groups/jobs.js';
import { completeOAuth, oauth } from './groups/oauth.js';
import { observability } from './groups/observability.js';
import { redis } from './groups/redis.js';
import { reliability } from './groups/reliability.js';
import { security } from './groups/security.js';
import { streaming } from './groups/streaming.js';
import { telemetry } from './groups/telemetry.js';
import { tracing } from './groups/tracing.js';
import { webhooks } from './groups/webhooks.js';

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
  webhooks: webhooks.prefault({}),
  billing: billing.prefault({}),
  database: database.prefault({}),
  telemetry: telemetry.prefault({}),
  tracing: tracing.prefault({}),
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
export type TelemetrySettings = KernelSettings['telemetry'];
export type TracingSettings = KernelSettings['tracing'];
export type WebhookSettings = KernelSettings['webhooks'];
export type BillingSettings = KernelSettings['billing'];

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
    webhooks,
    billing,
    database,
    telemetry,
    tracing,
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

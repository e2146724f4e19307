import { join } from 'node:path';
import type { EnvironmentName } from '../env/index.js';
import type { ServiceConfigFields } from './config.js';
import { developmentSecret } from './development-secret.js';
import type { ServiceOptions } from './options.js';
import { type KernelSettings, type KernelSettingsInput, kernelSettings } from './settings.js';

interface Given {
  options: ServiceOptions;
  config: ServiceConfigFields;
  prod: boolean;
  dataDir: string;
}

/**
 * One `KernelSettings` out of explicit options, the `ServiceConfig` and the defaults, in this order of authority: what
 * is undefined here falls to the default of its table. What production needs and was not given stays empty; the
 * environment checks name it.
 */
export function resolveSettings(options: ServiceOptions, environment: EnvironmentName): KernelSettings {
  const dataDir = options.dataDir ?? '.data';
  const given: Given = { options, config: options.config?.fields ?? {}, prod: environment === 'prod', dataDir };
  return kernelSettings({
    auth: authSettings(given),
    redis: redisSettings(given),
    streaming: streamingSettings(given),
    jobs: { workerCount: given.config.workerCount, maxAttempts: given.config.jobMaxAttempts },
    observability: observabilitySettings(given),
    tracing: tracingSettings(given),
    reliability: reliabilitySettings(given),
    features: featureSettings(given),
    cors: corsSettings(given),
    security: securitySettings(given),
    email: emailSettings(given),
    oauth: oauthSettings(given),
    webhooks: webhookSettings(given),
    billing: billingSettings(given),
    database: {
      dataDir,
      poolSize: options.databasePoolSize,
      statementTimeoutMs: options.databaseStatementTimeoutMs,
      slowQueryMs: options.slowQueryMs,
      backupSchedule: options.backupSchedule,
      backupRetention: options.backupRetention,
      backupStore: options.backupStore ?? given.config.backupStore,
      backupEncryption:
        options.backupEncryption ?? (given.config.backupKey ? { key: given.config.backupKey } : undefined),
    },
    telemetry: {
      adminWorkerEmbedded: options.adminWorkerEmbedded ?? given.config.adminWorkerEmbedded,
      adminDbUrl: options.adminDbUrl ?? given.config.adminDbUrl,
      retention: options.retention,
    },
    databaseUrl: databaseUrl(given),
    healthChecks: options.healthChecks && [...options.healthChecks],
  });
}

function authSettings({ options, config, prod, dataDir }: Given): KernelSettingsInput['auth'] {
  return {
    tokenSecret: options.jwtSecret ?? config.jwtSecret ?? (prod ? '' : developmentSecret(dataDir)),
    accessTokenExpiresMinutes: options.config && (config.jwtExpiryHours ?? 24) * 60,
    enabled: config.authEnabled,
  };
}

function redisSettings({ options, config }: Given): KernelSettingsInput['redis'] {
  return {
    url: options.redisUrl ?? config.redisUrl ?? null,
    keyPrefix: config.redisKeyPrefix,
    namespace: options.redisNamespace,
    allowFallback: options.allowRedisFallback,
  };
}

function observabilitySettings({ options, config }: Given): KernelSettingsInput['observability'] {
  return {
    serviceName: options.name,
    logLevel: config.logLevel,
    requestMetricsEnabled: options.requestMetricsEnabled ?? config.requestMetricsEnabled ?? true,
    requestMetricsExcludePaths: config.requestMetricsExcludePaths,
    sensitiveParams: options.sensitiveParams && [...options.sensitiveParams],
    meteringEnabled: options.meteringEnabled ?? config.meteringEnabled,
  };
}

function tracingSettings({ config }: Given): KernelSettingsInput['tracing'] {
  return {
    enabled: config.tracingEnabled,
    excludePaths: config.tracingExcludePaths,
    sampleRate: config.tracingSampleRate,
  };
}

function streamingSettings({ options, config }: Given): KernelSettingsInput['streaming'] {
  return {
    maxConcurrentPerUser: options.config && (config.maxConcurrentStreams ?? 3),
    leaseTtlSeconds: options.config && (config.streamLeaseTtlSeconds ?? 300),
  };
}

function reliabilitySettings({ options, config }: Given): KernelSettingsInput['reliability'] {
  return {
    rateLimitEnabled: config.rateLimitEnabled,
    rateLimitAnonymousRpm: options.rateLimitAnonymousRpm,
    rateLimitAuthenticatedRpm: options.rateLimitAuthenticatedRpm ?? config.rateLimitRequests,
    rateLimitAdminRpm: options.rateLimitAdminRpm,
    rateLimitWindowSeconds: config.rateLimitWindowSeconds,
  };
}

function featureSettings({ options, config }: Given): KernelSettingsInput['features'] {
  return {
    kernelPrefix: options.apiPrefix ?? '/api/v1',
    allowSelfSignup: options.allowSelfSignup ?? config.allowSelfSignup,
    enableSaasRoutes: config.saasEnabled,
    saasInviteBaseUrl: config.saasInviteBaseUrl,
    enableTestRoutes: options.enableTestRoutes,
    ...options.features,
  };
}

function corsSettings({ options, config }: Given): KernelSettingsInput['cors'] {
  const origins = options.corsOrigins ?? config.corsOrigins;
  return { allowOrigins: origins && [...origins], allowCredentials: config.corsCredentials };
}

function securitySettings({ options, config, prod }: Given): KernelSettingsInput['security'] {
  return { maxBodySize: options.maxBodySize, debug: !prod && (options.debug ?? config.debug) };
}

function emailSettings({ options, config }: Given): KernelSettingsInput['email'] {
  return {
    smtpUrl: options.smtpUrl ?? smtpUrlOf(config),
    from: options.emailFrom ?? config.emailFrom,
    replyTo: config.emailReplyTo,
    useTls: config.smtpUseTls,
  };
}

function oauthSettings({ options, config, prod }: Given): KernelSettingsInput['oauth'] {
  const google = clientOf(options.oauthGoogle, config.oauthProviders?.google);
  const github = clientOf(options.oauthGithub, config.oauthProviders?.github);
  return {
    google,
    github,
    endpoints: options.oauthEndpoints,
    publicUrl: options.publicUrl ?? (prod || !(google || github) ? undefined : 'http://localhost:8000'),
    redirectUrls: options.oauthRedirectUrls && [...options.oauthRedirectUrls],
  };
}

function webhookSettings({ options, prod }: Given): KernelSettingsInput['webhooks'] {
  const { allowedNetworks, ...given } = options.webhooks ?? {};
  return { allowHttp: !prod, ...given, allowedNetworks: allowedNetworks && [...allowedNetworks] };
}

function billingSettings({ options }: Given): KernelSettingsInput['billing'] {
  const { redirectUrls, shippingCountries, ...given } = options.billing ?? {};
  return {
    ...given,
    redirectUrls: redirectUrls && [...redirectUrls],
    shippingCountries: shippingCountries && [...shippingCountries],
    secretKey: options.stripeSecretKey,
    webhookSecret: options.stripeWebhookSecret,
    apiBase: options.stripeApiBase,
  };
}

function clientOf(
  option: readonly [string, string] | undefined,
  config: { client_id: string; client_secret: string } | undefined,
): { clientId: string; clientSecret: string } | undefined {
  if (option) return { clientId: option[0], clientSecret: option[1] };
  return config && { clientId: config.client_id, clientSecret: config.client_secret };
}

function smtpUrlOf(config: ServiceConfigFields): string | undefined {
  if (config.emailEnabled === false || config.smtpHost === undefined) return undefined;
  const url = new URL(`smtp://${config.smtpHost}:${config.smtpPort ?? 587}`);
  if (config.smtpUser !== undefined) url.username = encodeURIComponent(config.smtpUser);
  if (config.smtpPassword !== undefined) url.password = encodeURIComponent(config.smtpPassword);
  return url.href;
}

function databaseUrl({ options, config, prod }: Given): string | null {
  const url = options.databaseUrl ?? config.databaseUrl;
  if (url !== undefined) return url;
  return prod ? null : `sqlite:./${join('data', `${options.name.replace(/[^\w.-]+/g, '-')}.db`)}`;
}

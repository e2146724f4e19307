import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  getJobClient,
  isEmailConfigured,
  ServiceConfig,
  type ServiceConfigFields,
  type ServiceOptions,
  sendEmail,
  streamLease,
} from 'app-kernel';
import { expect, vi } from 'vitest';
import { freshFolder, freshOptions, sqliteUrl, startedService } from '../setup/fresh-service.js';
import { eventually, json, sendTo, signUp } from '../setup/http-calls.js';
import { KeptLog } from '../setup/kept-log.js';
import { withMailServer } from '../setup/mail-server.js';
import { storedFiles } from './database-probes.js';
import { observingConfigProbes } from './observing-probes.js';
import type { Probes } from './probe.js';
import { isStored, nobodyStores } from './telemetry-probes.js';

const ORIGIN = 'https://probed.example';
const MAIL = { to: 'ada@example.com', subject: 'Probe', html: '<p>Hello</p>', text: 'Hello' };
const SIGN_UP = json({ username: 'a@example.com', email: 'a@example.com', password: 'difference-engine' });

function withConfig(fields: ServiceConfigFields, options: Partial<ServiceOptions> = {}) {
  return startedService({ config: new ServiceConfig(fields), ...options });
}

/** What a mail server of our own receives where `fields` name it. */
async function received(fields: ServiceConfigFields, login?: { user: string; password: string }): Promise<string[]> {
  const server = login ? { login } : {};
  return withMailServer(async (_url, smtpPort) => {
    await withConfig({ smtpHost: '127.0.0.1', smtpPort, emailFrom: 'house@example.com', ...fields });
    await sendEmail(MAIL).catch(() => false);
  }, server);
}

const corsHeaders = async (fields: ServiceConfigFields): Promise<Headers> => {
  const service = await withConfig({ corsOrigins: [ORIGIN], ...fields });
  return (await service.inject('/healthz', { headers: { origin: ORIGIN } })).headers;
};

/** How often a failing job was tried. */
async function attempts(jobMaxAttempts: number): Promise<number> {
  let tried = 0;
  const fail = async () => {
    tried += 1;
    throw new Error('on purpose');
  };
  await withConfig({ jobMaxAttempts }, { tasks: { fail } });
  await getJobClient().enqueue('fail', {});
  await eventually(async () => (await getJobClient().deadLetters()).length > 0, 'the dead letter', 10_000);
  return tried;
}

export const configProbes: Probes<ServiceConfigFields> = {
  ...observingConfigProbes,
  adminWorkerEmbedded: async () => {
    const { kernel } = await withConfig({ adminWorkerEmbedded: false });
    await nobodyStores(kernel.services);
  },
  adminDbUrl: async () => {
    const folder = freshFolder();
    await withConfig({ adminDbUrl: sqliteUrl(folder, 'records.db') });
    await isStored();
    expect(existsSync(join(folder, 'records.db'))).toBe(true);
  },
  jwtSecret: async () => {
    const jwt = (await import('jsonwebtoken')).default;
    const jwtSecret = 'probed-secret-of-32-characters-!';
    const { accessToken } = await signUp(sendTo(await withConfig({ jwtSecret })));
    expect(() => jwt.verify(accessToken, jwtSecret)).not.toThrow();
  },
  jwtExpiryHours: async () => {
    expect((await signUp(sendTo(await withConfig({ jwtExpiryHours: 5 })))).expiresIn).toBe(5 * 3600);
  },
  authEnabled: async () => {
    const service = await withConfig({ authEnabled: false });
    expect((await service.inject('/api/v1/auth/register', SIGN_UP)).status).toBe(404);
  },
  allowSelfSignup: async () => {
    const service = await withConfig({ allowSelfSignup: false });
    expect([403, 404]).toContain((await service.inject('/api/v1/auth/register', SIGN_UP)).status);
  },
  saasEnabled: async () => {
    expect((await (await withConfig({})).inject('/api/v1/workspaces')).status).toBe(401);
    expect((await (await withConfig({ saasEnabled: false })).inject('/api/v1/workspaces')).status).toBe(404);
  },
  saasInviteBaseUrl: async () => {
    const service = await withConfig({ saasInviteBaseUrl: 'https://app.example/join' });
    expect(service.kernel.saas.inviteUrl('t1')).toBe('https://app.example/join?token=t1');
  },
  oauthProviders: async () => {
    const github = { client_id: 'probed-client', client_secret: 'probed-secret' };
    const service = await withConfig({ oauthProviders: { github } });
    const { headers } = await service.inject('/api/v1/auth/oauth/github');
    expect(headers.get('location')).toContain('client_id=probed-client');
    const { fields } = ServiceConfig.fromEnv({ OAUTH_PROVIDERS: JSON.stringify({ github }) });
    expect(fields.oauthProviders).toEqual({ github });
    expect(() => ServiceConfig.fromEnv({ OAUTH_PROVIDERS: '{"gitlab":{}}' })).toThrow(/OAUTH_PROVIDERS/);
  },
  redisUrl: async () => {
    const logger = new KeptLog();
    await withConfig({ redisUrl: 'redis://127.0.0.1:1' }, { logger });
    expect(logger.text).toMatch(/127\.0\.0\.1:1/);
  },
  redisKeyPrefix: async () => {
    const service = await withConfig({ redisKeyPrefix: 'probed-jobs:', workerCount: 0 }, { tasks: { wait: () => {} } });
    await getJobClient().enqueue('wait', {});
    expect((await service.kernel.redis.client.keys('*')).join()).toContain('probed-jobs:');
  },
  databaseUrl: async () => {
    const folder = freshFolder();
    const { databaseUrl: _, ...options } = freshOptions();
    const service = await startedService({
      ...options,
      databaseUrl: undefined,
      config: new ServiceConfig({ databaseUrl: sqliteUrl(folder, 'probed.db') }),
    });
    expect(service.kernel.settings.databaseUrl).toContain('probed.db');
    expect((await service.kernel.database.query<{ file: string }>('PRAGMA database_list'))[0]?.file).toContain(
      'probed.db',
    );
  },
  backupStore: async () => {
    const backUp = async (backupStore: string) => (await withConfig({ backupStore })).kernel.database.backup();
    expect(await storedFiles(backUp)).toContain('manifest.json');
  },
  backupKey: async () => {
    const backUp = async (backupStore: string) =>
      (await withConfig({ backupStore, backupKey: 'd'.repeat(64) })).kernel.database.backup();
    expect(await storedFiles(backUp)).toContain('manifest.json.sealed');
  },
  corsOrigins: async () => {
    expect((await corsHeaders({})).get('access-control-allow-origin')).toBe(ORIGIN);
    expect(
      (await corsHeaders({ corsOrigins: ['https://other.example'] })).get('access-control-allow-origin'),
    ).toBeNull();
  },
  corsCredentials: async () => {
    expect((await corsHeaders({})).get('access-control-allow-credentials')).toBe('true');
    expect((await corsHeaders({ corsCredentials: false })).get('access-control-allow-credentials')).toBeNull();
  },
  rateLimitEnabled: async () => {
    const service = await withConfig({ rateLimitEnabled: false }, { rateLimitAnonymousRpm: 1 });
    for (let call = 0; call < 3; call++) expect((await service.inject('/api')).status).toBe(200);
  },
  rateLimitRequests: async () => {
    const service = await withConfig({ rateLimitRequests: 11 });
    const { headers } = await signUp(sendTo(service));
    expect((await service.inject('/api', { headers })).headers.get('x-ratelimit-limit')).toBe('11');
  },
  rateLimitWindowSeconds: async () => {
    const service = await withConfig({ rateLimitWindowSeconds: 13 });
    expect((await service.inject('/api')).headers.get('ratelimit-policy')).toMatch(/w=13\b/);
  },
  maxConcurrentStreams: async () => {
    await withConfig({ maxConcurrentStreams: 1 });
    await streamLease('ann');
    await expect(streamLease('ann')).rejects.toMatchObject({ limit: 1 });
  },
  streamLeaseTtlSeconds: async () => {
    const service = await withConfig({ streamLeaseTtlSeconds: 11 });
    await streamLease('ann');
    const { client } = service.kernel.redis;
    expect(await client.pttl('queue:stream_leases:ann')).toBeLessThanOrEqual(11_000);
  },
  workerCount: async () => {
    const ran: string[] = [];
    await withConfig({ workerCount: 0 }, { tasks: { probe: () => void ran.push('probe') } });
    const { jobId } = await getJobClient().enqueue('probe', {});
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect([ran, (await getJobClient().get(jobId))?.status]).toEqual([[], 'queued']);
  },
  jobMaxAttempts: async () => expect(await attempts(1)).toBe(1),
  emailEnabled: async () => {
    expect(await received({})).toHaveLength(1);
    expect(await received({ emailEnabled: false })).toHaveLength(0);
    expect(isEmailConfigured()).toBe(false);
  },
  emailProvider: async () => {
    expect(await received({ emailProvider: 'smtp' })).toHaveLength(1);
    expect(() => new ServiceConfig({ emailProvider: 'pigeon' as 'smtp' })).toThrow(/smtp/);
  },
  emailFrom: async () => {
    expect((await received({ emailFrom: 'probed@example.com' })).join()).toMatch(/^From: .*probed@example\.com/m);
  },
  emailReplyTo: async () => {
    expect((await received({ emailReplyTo: 'back@example.com' })).join()).toMatch(/^Reply-To: .*back@example\.com/m);
  },
  smtpHost: async () => expect(await received({ smtpHost: 'localhost' })).toHaveLength(1),
  smtpPort: async () => {
    expect(await received({})).toHaveLength(1);
    expect(await received({ smtpPort: 1 })).toHaveLength(0);
  },
  smtpUser: async () => {
    const login = { user: 'probe@host', password: 'p:a/ss%' };
    expect(await received({ smtpUser: login.user, smtpPassword: login.password }, login)).toHaveLength(1);
    expect(await received({ smtpUser: 'somebody', smtpPassword: login.password }, login)).toHaveLength(0);
  },
  smtpPassword: async () => {
    const login = { user: 'probe', password: 'right' };
    expect(await received({ smtpUser: 'probe', smtpPassword: 'right' }, login)).toHaveLength(1);
    expect(await received({ smtpUser: 'probe', smtpPassword: 'wrong' }, login)).toHaveLength(0);
  },
  smtpUseTls: async () => {
    const useTls = async (smtpUseTls?: boolean) => (await withConfig({ smtpUseTls })).kernel.settings.email.useTls;
    expect([await useTls(), await useTls(true), await useTls(false)]).toEqual([true, true, false]);
  },
  debug: async () => {
    const service = await withConfig({ debug: true });
    expect(await (await service.inject('/nowhere')).json()).toHaveProperty('debug');
  },
  logLevel: async () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const service = await withConfig({ logLevel: 'silent' }, { logger: undefined });
    service.kernel.logger.error('unheard');
    const louder = await withConfig({ logLevel: 'error' }, { logger: undefined });
    louder.kernel.logger.info('unheard as well');
    expect([service, louder].map(({ kernel }) => kernel.settings.observability.logLevel)).toEqual(['silent', 'error']);
    expect(write.mock.calls.join()).not.toMatch(/unheard/);
    write.mockRestore();
  },
};

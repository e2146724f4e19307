import { createAccessToken, type FeatureSettings, JobRegistry, requireAuth } from 'app-kernel';
import { expect } from 'vitest';
import { mailerService } from '../../../src/features/email/index.js';
import { openKernel } from '../setup/fresh-kernel.js';
import { eventually, json, type Send, signUp } from '../setup/http-calls.js';
import type { Probes } from './probe.js';

type Features = Partial<FeatureSettings>;

async function sendWith(features: Features): Promise<Send> {
  return (await openKernel({ features })).send;
}

async function sendWithTasks(features: Features): Promise<Send> {
  return (await openKernel({ features }, { jobRegistry: JobRegistry.from({ work: () => {} }) })).send;
}

const status = async (send: Send, path: string, init?: RequestInit): Promise<number> => (await send(path, init)).status;
const LOGIN = json({ username: 'nobody@example.com', password: 'not-the-password' });
const SIGN_UP = json({ username: 'a@example.com', email: 'a@example.com', password: 'difference-engine' });

/** The field moves a route from its default place to `/moved/it`. */
function moves(field: keyof FeatureSettings, from: string): () => Promise<void> {
  return async () => {
    const send = await sendWith({ [field]: '/moved/it', protectMetrics: 'none' });
    expect(await status(send, '/moved/it')).toBe(200);
    expect(await status(send, from)).toBe(404);
  };
}

/** The newest mail after somebody has registered, and `path` was asked. */
async function mailOf(features: Features, path?: string, init?: RequestInit): Promise<string> {
  const { kernel, send } = await openKernel({ features });
  await signUp(send, 'a@example.com', { authPath: '/auth' });
  if (path) await send(path, init);
  const mails = () => kernel.services.get(mailerService)?.captured ?? [];
  await eventually(() => mails().length === (path ? 2 : 1), 'the mails');
  return mails()[0]?.text ?? '';
}

/** The field takes routes away. */
function removes(field: keyof FeatureSettings, paths: readonly string[]): () => Promise<void> {
  return async () => {
    const send = await sendWith({ [field]: false, protectMetrics: 'none' });
    for (const path of paths) expect(await status(send, path), path).toBe(404);
    const document = (await (await send('/openapi.json')).json()) as { paths: object };
    for (const path of paths) expect(Object.keys(document.paths)).not.toContain(path);
  };
}

export const featuresProbes: Probes<FeatureSettings> = {
  enableHealthRoutes: removes('enableHealthRoutes', ['/healthz', '/readyz']),
  healthPath: moves('healthPath', '/healthz'),
  readyPath: moves('readyPath', '/readyz'),
  enableMetrics: removes('enableMetrics', ['/metrics']),
  metricsPath: moves('metricsPath', '/metrics'),
  protectMetrics: async () => {
    expect([401, 403]).toContain(await status(await sendWith({}), '/metrics'));
    expect(await status(await sendWith({ protectMetrics: 'none' }), '/metrics')).toBe(200);
    expect(await status(await sendWith({ protectMetrics: 'internal' }), '/metrics')).toBe(200);
  },
  enableAuditRoutes: removes('enableAuditRoutes', ['/admin/audit', '/admin/audit/export']),
  auditPath: async () => {
    const send = await sendWith({ auditPath: '/records' });
    expect(await status(send, '/admin/records')).toBe(401);
    expect(await status(send, '/admin/audit')).toBe(404);
  },
  enableAuthRoutes: async () => {
    const { send, kernel } = await openKernel(
      { features: { enableAuthRoutes: false } },
      {
        use: async (ctx, next) => {
          if (ctx.path !== '/mine') return next();
          await requireAuth(ctx, async () => {});
          ctx.body = 'mine';
        },
      },
    );
    expect(await status(send, '/auth/login', LOGIN)).toBe(404);
    const { id } = await kernel.userStore.create({ username: 'a@example.com', email: 'a@example.com' });
    const token = createAccessToken({ userId: id, secret: kernel.authConfig.tokenSecret });
    expect(await status(send, '/mine', { headers: { authorization: `Bearer ${token}` } })).toBe(200);
  },
  authMode: async () => {
    expect(await status(await sendWith({ authMode: 'local' }), '/auth/login', LOGIN)).toBe(401);
    for (const authMode of ['apikey', 'external'] as const) {
      expect(await status(await sendWith({ authMode }), '/auth/login', LOGIN), authMode).toBe(404);
    }
  },
  allowSelfSignup: async () => {
    const { send, kernel } = await openKernel({ features: { allowSelfSignup: false } });
    expect([403, 404]).toContain(await status(send, '/auth/register', SIGN_UP));
    expect(await kernel.userStore.getByUsername('a@example.com')).toBeNull();
    expect(await status(send, '/auth/login', LOGIN)).toBe(401);
  },
  authPrefix: async () => {
    const send = await sendWith({ authPrefix: '/identity' });
    await signUp(send, 'a@example.com', { authPath: '/identity' });
    expect(await status(send, '/auth/login', LOGIN)).toBe(404);
  },
  enableFlagRoutes: async () => {
    expect(await status(await sendWith({}), '/flags')).toBe(401);
    expect(await status(await sendWith({ enableFlagRoutes: false }), '/flags')).toBe(404);
  },
  flagsPrefix: async () => {
    const send = await sendWith({ flagsPrefix: '/switches' });
    expect(await status(send, '/switches')).toBe(401);
    expect(await status(send, '/flags')).toBe(404);
  },
  enableWebhookRoutes: async () => {
    expect(await status(await sendWith({}), '/webhooks')).toBe(401);
    expect(await status(await sendWith({ enableWebhookRoutes: false }), '/webhooks')).toBe(404);
    expect(await status(await sendWith({ enableSaasRoutes: false }), '/webhooks')).toBe(404); // they belong to workspaces
  },
  webhooksPrefix: async () => {
    const send = await sendWith({ webhooksPrefix: '/hooks' });
    expect(await status(send, '/hooks')).toBe(401);
    expect(await status(send, '/webhooks')).toBe(404);
  },
  enableReplayRoutes: removes('enableReplayRoutes', ['/admin/action-replays', '/_kernel/action-log.js']),
  enableJobRoutes: async () => {
    expect(await status(await sendWithTasks({}), '/jobs')).toBe(401);
    expect(await status(await sendWithTasks({ enableJobRoutes: false }), '/jobs')).toBe(404);
    expect(await status(await sendWith({}), '/jobs')).toBe(404); // there are no tasks
  },
  jobRoutesPrefix: async () => {
    const send = await sendWithTasks({ jobRoutesPrefix: '/work' });
    expect(await status(send, '/work')).toBe(401);
    expect(await status(send, '/admin/work/dead')).toBe(401);
    expect(await status(send, '/jobs')).toBe(404);
  },
  verifyEmailUrl: async () => {
    expect(await mailOf({ verifyEmailUrl: 'https://app.example/verify' })).toContain(
      'https://app.example/verify?token=',
    );
    expect(await mailOf({})).toContain('Your code: ');
  },
  resetPasswordUrl: async () => {
    const forgot = json({ email: 'a@example.com' });
    const features = { resetPasswordUrl: 'https://app.example/reset' };
    expect(await mailOf(features, '/auth/forgot-password', forgot)).toContain('https://app.example/reset?token=');
    expect(await mailOf({}, '/auth/forgot-password', forgot)).toContain('Your code: ');
  },
  enableSaasRoutes: async () => {
    const withIt = await openKernel({});
    const { headers } = await signUp(withIt.send, 'a@example.com', { authPath: '/auth' });
    expect(await status(withIt.send, '/workspaces', { headers })).toBe(200);
    const without = await openKernel({ features: { enableSaasRoutes: false } });
    expect(await status(without.send, '/workspaces')).toBe(404);
    expect(() => without.kernel.saas).toThrow(/no workspaces/);
  },
  saasPrefix: async () => {
    const send = await sendWith({ saasPrefix: '/teams' });
    expect(await status(send, '/teams')).toBe(401);
    expect(await status(send, '/workspaces')).toBe(404);
  },
  saasInviteBaseUrl: async () => {
    const { kernel } = await openKernel({ features: { saasInviteBaseUrl: 'https://app.example/join?from=mail' } });
    expect(kernel.saas.inviteUrl('t&1')).toBe('https://app.example/join?from=mail&token=t%261');
    expect((await openKernel()).kernel.saas.inviteUrl('t')).toBeNull();
    await expect(sendWith({ saasInviteBaseUrl: 'javascript:alert(1)' })).rejects.toThrow(/http\(s\) URL/);
  },
  enableTestRoutes: async () => {
    const parts = { environment: 'prod', testRunners: [async function* runProbe() {}] } as const;
    const on = await openKernel({ features: { enableTestRoutes: true } }, parts);
    expect(await status(on.send, '/test/probe', { method: 'POST' })).toBe(401);
    expect(await status((await openKernel({}, parts)).send, '/test/probe', { method: 'POST' })).toBe(404);
  },
  kernelPrefix: async () => {
    const send = await sendWith({ kernelPrefix: '/kernel/v2' });
    await signUp(send, 'a@example.com', { authPath: '/kernel/v2/auth' });
    expect(await status(send, '/auth/login', LOGIN)).toBe(404);
    expect(await status(send, '/healthz')).toBe(200);
  },
};

import { z } from 'zod';
import { pageUrl, path, prefix } from './field-types.js';

export const features = z.strictObject({
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
  enableWebhookRoutes: z.boolean().default(true).describe('Webhooks, where there are workspaces.'),
  webhooksPrefix: path.default('/webhooks').describe('Where the webhook routes are, below `kernelPrefix`.'),
  enableReplayRoutes: z
    .boolean()
    .default(true)
    .describe('Replays of what users did before an error, where there is a database.'),
  enableJobRoutes: z.boolean().default(true).describe('Mount the routes of background jobs, where there are tasks.'),
  jobRoutesPrefix: path.default('/jobs').describe('Where the job routes are, below `kernelPrefix`.'),
  enableAuditRoutes: z.boolean().default(true).describe('Mount the audit routes, where there is a database.'),
  auditPath: path.default('/audit').describe('Where the audit routes are, below `kernelPrefix` and `/admin`.'),
  verifyEmailUrl: pageUrl.describe('Page that takes `?token=` and verifies an address; `null` mails the bare token.'),
  resetPasswordUrl: pageUrl.describe('Page that takes `?token=` and sets a password; `null` mails the bare token.'),
  enableSaasRoutes: z
    .boolean()
    .default(true)
    .describe('Workspaces, members, invites and projects, and a personal workspace for whoever registers.'),
  saasPrefix: path.default('/workspaces').describe('Where the workspace routes are, below `kernelPrefix`.'),
  saasInviteBaseUrl: pageUrl.describe('Page that takes `?token=` and accepts an invite; `null` mails the bare token.'),
  enableTestRoutes: z.boolean().default(false).describe('Mount the self-tests in production as well.'),
  kernelPrefix: prefix.default('').describe('Prefix of the kernel’s API routes.'),
});

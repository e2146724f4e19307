import { afterEach, describe, expect, it, vi } from 'vitest';
import { describeSettings } from '../../../src/service/settings/settings.js';
import { releaseKernels } from '../setup/fresh-kernel.js';
import { authProbes } from './auth-probes.js';
import { billingProbes } from './billing-probes.js';
import { corsProbes } from './cors-probes.js';
import { databaseProbes } from './database-probes.js';
import { emailProbes } from './email-probes.js';
import { featuresProbes } from './features-probes.js';
import { jobsProbes } from './jobs-probes.js';
import { oauthProbes } from './oauth-probes.js';
import { observabilityProbes } from './observability-probes.js';
import { tracingProbes } from './observing-probes.js';
import { topProbes } from './other-probes.js';
import type { Probe } from './probe.js';
import { redisProbes } from './redis-probes.js';
import { reliabilityProbes } from './reliability-probes.js';
import { securityProbes } from './security-probes.js';
import { streamingProbes } from './streaming-probes.js';
import { telemetryProbes } from './telemetry-probes.js';
import { webhooksProbes } from './webhooks-probes.js';

const PROBES: Readonly<Record<string, Readonly<Record<string, Probe>>>> = {
  auth: authProbes,
  redis: redisProbes,
  streaming: streamingProbes,
  jobs: jobsProbes,
  observability: observabilityProbes,
  reliability: reliabilityProbes,
  features: featuresProbes,
  cors: corsProbes,
  security: securityProbes,
  email: emailProbes,
  oauth: oauthProbes,
  webhooks: webhooksProbes,
  billing: billingProbes,
  database: databaseProbes,
  telemetry: telemetryProbes,
  tracing: tracingProbes,
};

afterEach(async () => {
  vi.unstubAllEnvs();
  await releaseKernels();
});

describe('every field of KernelSettings', () => {
  for (const { group, field, description } of describeSettings()) {
    it(`has an effect: ${group}.${field} (${description})`, async () => {
      const probe = PROBES[group]?.[field];
      if (!probe) throw new Error(`No probe shows the effect of ${group}.${field}: write one in ${group}-probes.ts`);
      await probe();
    });
  }

  for (const [field, probe] of Object.entries(topProbes)) {
    it(`has an effect: ${field}`, probe);
  }

  it('is described', () => {
    for (const { group, field, description } of describeSettings())
      expect(description, `${group}.${field}`).not.toBe('');
  });

  it('is still there: no probe is left of a field that is gone', () => {
    const known = describeSettings().map(({ group, field }) => `${group}.${field}`);
    const probed = Object.entries(PROBES).flatMap(([group, probes]) =>
      Object.keys(probes).map((field) => `${group}.${field}`),
    );
    expect(probed.sort()).toEqual(known.sort());
  });
});

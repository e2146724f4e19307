import { createRouter, type ReliabilitySettings } from 'app-kernel';
import { expect } from 'vitest';
import { openKernel } from '../setup/fresh-kernel.js';
import { type Send, signUp } from '../setup/http-calls.js';
import type { Probes } from './probe.js';

/** The statuses of `calls` requests in a row. */
async function statuses(send: Send, calls: number, init?: RequestInit): Promise<number[]> {
  const found: number[] = [];
  for (let call = 0; call < calls; call++) found.push((await send('/api', init)).status);
  return found;
}

export const reliabilityProbes: Probes<ReliabilitySettings> = {
  rateLimitEnabled: async () => {
    const { send } = await openKernel({ reliability: { rateLimitEnabled: false, rateLimitAnonymousRpm: 1 } });
    expect(await statuses(send, 4)).toEqual([200, 200, 200, 200]);
    expect((await send('/api')).headers.get('x-ratelimit-limit')).toBeNull();
  },
  rateLimitAnonymousRpm: async () => {
    const { send } = await openKernel({ reliability: { rateLimitAnonymousRpm: 2 } });
    expect(await statuses(send, 3)).toEqual([200, 200, 429]);
  },
  rateLimitAuthenticatedRpm: async () => {
    const { send } = await openKernel({ reliability: { rateLimitAuthenticatedRpm: 3 } });
    const { headers } = await signUp(send, 'a@example.com', { authPath: '/auth' });
    expect(await statuses(send, 4, { headers })).toEqual([200, 200, 200, 429]);
  },
  rateLimitAdminRpm: async () => {
    const { send, kernel } = await openKernel({ reliability: { rateLimitAdminRpm: 4 } });
    const { id, headers } = await signUp(send, 'a@example.com', { authPath: '/auth' });
    await kernel.userStore.setRole?.(id, 'admin');
    await new Promise((resolve) => setTimeout(resolve, 1100)); // a promotion is seen within a second
    expect(await statuses(send, 5, { headers })).toEqual([200, 200, 200, 200, 429]);
  },
  rateLimitWindowSeconds: async () => {
    const { send } = await openKernel({ reliability: { rateLimitWindowSeconds: 1, rateLimitAnonymousRpm: 2 } });
    expect((await send('/api')).headers.get('ratelimit-policy')).toMatch(/w=1\b/);
    expect(await statuses(send, 2)).toEqual([200, 429]);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(await statuses(send, 1)).toEqual([200]);
  },
  idempotencyEnabled: async () => {
    expect(await repeated({ idempotencyEnabled: true })).toEqual({ runs: 1, replayed: 'true' });
    expect(await repeated({ idempotencyEnabled: false })).toEqual({ runs: 2, replayed: null });
  },
  idempotencyTtlSeconds: async () => {
    expect(await repeated({ idempotencyTtlSeconds: 1 }, 1100)).toEqual({ runs: 2, replayed: null });
  },
};

/** Sends one keyed request twice, `pauseMs` apart. */
async function repeated(reliability: Partial<ReliabilitySettings>, pauseMs = 0) {
  let runs = 0;
  const router = createRouter().post('/once', {}, async () => ({ run: ++runs }));
  const { send } = await openKernel({ reliability }, { routers: [router] });
  const request = { method: 'POST', headers: { 'idempotency-key': 'k1' } };
  await send('/once', request);
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
  const replayed = (await send('/once', request)).headers.get('x-idempotency-replayed');
  return { runs, replayed };
}

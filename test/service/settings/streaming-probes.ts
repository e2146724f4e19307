import { getActiveStreams, type KernelRuntime, type StreamingSettings, streamLease } from 'app-kernel';
import { expect } from 'vitest';
import { openKernel } from '../setup/fresh-kernel.js';
import type { Probes } from './probe.js';

async function keyOfOneStream({ redis }: KernelRuntime): Promise<string> {
  await streamLease('ann');
  const [key = ''] = (await redis.client.keys('*')).filter((name) => name.endsWith(':ann'));
  return key;
}

export const streamingProbes: Probes<StreamingSettings> = {
  maxConcurrentPerUser: async () => {
    await openKernel({ streaming: { maxConcurrentPerUser: 1 } });
    await streamLease('ann');
    await expect(streamLease('ann')).rejects.toMatchObject({ code: 'E_STREAM_LIMIT', limit: 1 });
    expect(await getActiveStreams('ann')).toBe(1);
  },
  leaseTtlSeconds: async () => {
    const { kernel } = await openKernel({ streaming: { leaseTtlSeconds: 7 } });
    const left = await kernel.redis.client.pttl(await keyOfOneStream(kernel));
    expect(left).toBeGreaterThan(5_000);
    expect(left).toBeLessThanOrEqual(7_000);
  },
  leaseKeyNamespace: async () => {
    const { kernel } = await openKernel({ streaming: { leaseKeyNamespace: 'probed' } });
    expect(await keyOfOneStream(kernel)).toBe('queue:probed:ann');
  },
};

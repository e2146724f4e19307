import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { getJobClient, getRedis, getSyncRedis, isRedisFake, JobRegistry, type RedisSettings } from 'app-kernel';
import { expect } from 'vitest';
import { newKernel, openKernel } from '../setup/fresh-kernel.js';
import type { Probes } from './probe.js';

const NOBODY = 'redis://127.0.0.1:1';
/** Elsewhere an unreachable Redis is replaced by the in-memory one. */
const PRODUCTION = { environment: 'prod' } as const;

/** Every key, asked for by the client that prefixes them. */
async function keys(): Promise<string[]> {
  const client = getSyncRedis() ?? getRedis();
  return client ? client.keys('*') : [];
}

async function enqueueOne(redis: Partial<RedisSettings>): Promise<string[]> {
  const registry = new JobRegistry();
  registry.register('wait', async () => {});
  await openKernel({ redis, jobs: { workerCount: 0 } }, { jobRegistry: registry });
  await getJobClient().enqueue('wait', {});
  return keys();
}

/** Milliseconds until a start on `redis` has failed. */
async function timeToFail(redis: Partial<RedisSettings>): Promise<number> {
  const { kernel } = newKernel({ redis }, PRODUCTION);
  const startedAt = Date.now();
  await expect(kernel.ready()).rejects.toThrow();
  return Date.now() - startedAt;
}

export const redisProbes: Probes<RedisSettings> = {
  url: async () => {
    await expect(newKernel({ redis: { url: NOBODY } }, PRODUCTION).kernel.ready()).rejects.toThrow(/127\.0\.0\.1:1/);
    await openKernel({ redis: { url: null } });
    expect(isRedisFake()).toBe(true);
  },
  keyPrefix: async () => {
    const found = await enqueueOne({ keyPrefix: 'probe-jobs:' });
    expect(found.some((key) => key.includes('probe-jobs:'))).toBe(true);
    expect(found.some((key) => key.includes('queue:'))).toBe(false);
  },
  namespace: async () => {
    const found = await enqueueOne({ namespace: 'probe-space:' });
    expect(found.length).toBeGreaterThan(0);
    for (const key of found) expect(key).toMatch(/^probe-space:/);
  },
  maxConnections: async () => {
    await openKernel();
    expect(getSyncRedis() !== getRedis()).toBe(true);
    await openKernel({ redis: { maxConnections: 1 } });
    expect(getSyncRedis() === getRedis()).toBe(true);
  },
  socketTimeoutSeconds: async () => {
    const silent = createServer((socket) => socket.on('error', () => {}));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const url = `redis://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    expect(await timeToFail({ url, socketTimeoutSeconds: 0.3 })).toBeLessThan(3500);
    silent.close();
  },
  socketConnectTimeoutSeconds: async () => {
    const { url, end } = await deafServer();
    expect(await timeToFail({ url, socketConnectTimeoutSeconds: 0.3 })).toBeLessThan(3500);
    end();
  },
  allowFallback: async () => {
    await expect(newKernel({ redis: { url: NOBODY } }, PRODUCTION).kernel.ready()).rejects.toThrow();
    const { logLines } = await openKernel({ redis: { url: NOBODY, allowFallback: true } }, PRODUCTION);
    expect(isRedisFake()).toBe(true);
    expect(logLines().some((line) => /memory/i.test(String(line.msg)))).toBe(true);
  },
};

/** A server that is stopped, with its queue of connections full: a new connection is neither taken nor refused. */
async function deafServer(): Promise<{ url: string; end: () => void }> {
  const script = `const server = require('node:net').createServer();
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port));`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = (await once(child.stdout, 'data')).map(Number);
  child.kill('SIGSTOP');
  const fillers = Array.from({ length: 8 }, () => connect(port ?? 0, '127.0.0.1').on('error', () => {}));
  await new Promise((resolve) => setTimeout(resolve, 200));
  const end = (): void => {
    for (const filler of fillers) filler.destroy();
    child.kill('SIGKILL');
  };
  return { url: `redis://127.0.0.1:${port}`, end };
}

import type { SecuritySettings } from 'app-kernel';
import { expect } from 'vitest';
import { openKernel } from '../setup/fresh-kernel.js';
import { eventually, json } from '../setup/http-calls.js';
import type { Probes } from './probe.js';

type Security = Partial<SecuritySettings>;

const crash = (): never => {
  throw new Error('the probe crashed');
};

export const securityProbes: Probes<SecuritySettings> = {
  enableRequestId: async () => {
    const { send } = await openKernel({ security: { enableRequestId: false } });
    expect((await send('/healthz')).headers.get('x-request-id')).toBeNull();
  },
  enableSecurityHeaders: async () => {
    const { send } = await openKernel({ security: { enableSecurityHeaders: false } });
    const { headers } = await send('/healthz');
    for (const name of ['x-content-type-options', 'x-frame-options', 'content-security-policy']) {
      expect(headers.get(name), name).toBeNull();
    }
  },
  enableRequestLogging: async () => {
    const linesFor = async (security: Security) => {
      const { send, logLines, kernel } = await openKernel({ security });
      await send('/api');
      kernel.logger.info('afterwards');
      await eventually(() => logLines().some(({ msg }) => msg === 'afterwards'), 'the last line');
      return logLines().filter((line) => line.path === '/api' && line.status === 200);
    };
    expect(await linesFor({})).toHaveLength(1);
    expect(await linesFor({ enableRequestLogging: false })).toHaveLength(0);
  },
  enableErrorHandling: async () => {
    const typeOf = async (security: Security) => {
      const { send, app } = await openKernel({ security }, { use: crash });
      app.on('error', () => {}); // Koa's own report of what the kernel leaves to it
      const response = await send('/crash');
      expect(response.status).toBe(500);
      return response.headers.get('content-type');
    };
    expect(await typeOf({})).toMatch(/problem\+json/);
    expect(await typeOf({ enableErrorHandling: false })).toMatch(/text\/plain/);
  },
  maxBodySize: async () => {
    const { send } = await openKernel({ security: { maxBodySize: 500 } });
    const body = (length: number) => json({ username: 'a@example.com', password: 'x'.repeat(length) });
    expect((await send('/auth/login', body(600))).status).toBe(413);
    expect((await send('/auth/login', body(100))).status).toBe(401);
  },
  debug: async () => {
    const debugOf = async (security: Security) => {
      const { send } = await openKernel({ security }, { use: crash });
      return ((await (await send('/crash')).json()) as { debug?: unknown }).debug;
    };
    expect(JSON.stringify(await debugOf({ debug: true }))).toContain('the probe crashed');
    expect(await debugOf({})).toBeUndefined();
  },
};

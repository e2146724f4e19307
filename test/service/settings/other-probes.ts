import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { KernelSettings } from 'app-kernel';
import { expect } from 'vitest';
import { openKernel } from '../setup/fresh-kernel.js';
import { freshFolder, sqliteUrl } from '../setup/fresh-service.js';
import { json } from '../setup/http-calls.js';
import type { Probes } from './probe.js';

/** The fields that belong to no group. */
export const topProbes: Probes<Pick<KernelSettings, 'databaseUrl' | 'healthChecks'>> = {
  databaseUrl: async () => {
    const folder = freshFolder();
    await openKernel({ databaseUrl: sqliteUrl(folder, 'probed.db') });
    expect(existsSync(join(folder, 'probed.db'))).toBe(true);
    const without = await openKernel({ databaseUrl: null });
    expect((await without.send('/healthz')).status).toBe(200);
    expect((await without.send('/auth/register', json({ username: 'a@b.example', password: 'x' }))).status).toBe(404);
  },
  healthChecks: async () => {
    const { send } = await openKernel({ healthChecks: [['probe', () => [false, 'on purpose']]] });
    const response = await send('/readyz');
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ checks: { probe: { healthy: false, message: 'on purpose' } } });
  },
};

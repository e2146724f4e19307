import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { getAudit, KernelAuditLog, type KernelSettings, type ServiceOptions } from 'app-kernel';
import { expect } from 'vitest';
import type { Services } from '../../../src/base/services.js';
import { eventHubService } from '../../../src/telemetry/events/index.js';
import { openKernel } from '../setup/fresh-kernel.js';
import { freshFolder, sqliteUrl, startedService } from '../setup/fresh-service.js';
import { eventually } from '../setup/http-calls.js';
import type { Probes } from './probe.js';

type TelemetryOptions = Pick<ServiceOptions, 'adminWorkerEmbedded' | 'adminDbUrl' | 'retention'>;

const stored = (): Promise<number> => KernelAuditLog.count({ where: { action: 'probed' } });

/** An entry waits in Redis: nobody stores it until somebody is told to. */
export async function nobodyStores(services: Services): Promise<void> {
  getAudit().log({ action: 'probed' });
  const hub = services.get(eventHubService);
  await hub?.flush();
  await eventually(async () => (await hub?.state('audit_events'))?.waiting, 'the entry to wait');
  expect(await stored()).toBe(0);
}

export async function isStored(): Promise<void> {
  getAudit().log({ action: 'probed' });
  await eventually(stored, 'the entry to be stored');
}

/** A record of long ago, in a database that a second start finds. */
async function leaveOldRecord(services: Services): Promise<void> {
  getAudit().log({ action: 'probed' });
  await services.get(eventHubService)?.settle();
  expect(await stored()).toBe(1);
  await KernelAuditLog.updateMany({ action: 'probed' }, { timestamp: new Date(0) });
}

const isTrimmed = () => eventually(async () => (await stored()) === 0, 'the old record to go');

export const telemetryOptionProbes: Probes<TelemetryOptions> = {
  adminWorkerEmbedded: async () => {
    await nobodyStores((await startedService({ adminWorkerEmbedded: false })).kernel.services);
  },
  adminDbUrl: async () => {
    const folder = freshFolder();
    await startedService({ adminDbUrl: sqliteUrl(folder, 'records.db') });
    await isStored();
    expect(existsSync(join(folder, 'records.db'))).toBe(true);
  },
  retention: async () => {
    const databaseUrl = sqliteUrl(freshFolder());
    const first = await startedService({ databaseUrl });
    await leaveOldRecord(first.kernel.services);
    await first.close();
    await startedService({ databaseUrl, retention: { audit: 30 } });
    await isTrimmed();
  },
};

export const telemetryProbes: Probes<KernelSettings['telemetry']> = {
  adminWorkerEmbedded: async () => {
    await nobodyStores((await openKernel({ telemetry: { adminWorkerEmbedded: false } })).kernel.services);
  },
  adminDbUrl: async () => {
    const folder = freshFolder();
    await openKernel({ telemetry: { adminDbUrl: sqliteUrl(folder, 'records.db') } });
    await isStored();
    expect(existsSync(join(folder, 'records.db'))).toBe(true);
  },
  retention: async () => {
    await expect(openKernel({ telemetry: { retention: { audit: 0 } } })).rejects.toThrow(/retention/);
    const databaseUrl = sqliteUrl(freshFolder());
    const { kernel } = await openKernel({ databaseUrl });
    await leaveOldRecord(kernel.services);
    await kernel.close();
    await openKernel({ databaseUrl, telemetry: { retention: { audit: 30 } } });
    await isTrimmed();
  },
};

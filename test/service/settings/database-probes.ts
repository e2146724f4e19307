import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { KernelSettings, ServiceOptions } from 'app-kernel';
import type { Database } from 'app-kernel/orm';
import { expect } from 'vitest';
import { S3Server } from '../../setup/s3-server.js';
import { freshDatabase, SQL_BACKENDS } from '../../setup/servers.js';
import { openKernel } from '../setup/fresh-kernel.js';
import { freshFolder, startedService } from '../setup/fresh-service.js';
import { KeptLog } from '../setup/kept-log.js';
import type { Probes } from './probe.js';

const SERVERS = SQL_BACKENDS.filter(({ engine }) => engine !== 'sqlite');
const SLEEP = { sqlite: '', postgres: 'SELECT pg_sleep(5)', mysql: 'SELECT SLEEP(5)' };

type DatabaseOptions = Pick<
  ServiceOptions,
  | 'databasePoolSize'
  | 'databaseStatementTimeoutMs'
  | 'slowQueryMs'
  | 'backupSchedule'
  | 'backupRetention'
  | 'backupStore'
  | 'backupEncryption'
>;

const KEY = 'c'.repeat(64);

/** What a backup leaves in a bucket. */
export async function storedFiles(backUp: (backupStore: string) => Promise<unknown>): Promise<string[]> {
  const server = await S3Server.start();
  await backUp(server.url('probe'));
  const keys = await server.keys('probe');
  await server.close();
  return keys.map((key) => key.split('/')[1] as string);
}

/** A service on each server that is known: SQLite has neither a pool nor a limit to show. */
async function onServers(
  options: DatabaseOptions,
  look: (database: Database, sleep: string) => Promise<void>,
): Promise<void> {
  for (const { name, engine } of SERVERS) {
    const own = await freshDatabase(name);
    const service = await startedService({ databaseUrl: own.url, entities: [], ...options });
    await look(service.kernel.database, SLEEP[engine]);
    await service.close();
    await own.drop();
  }
}

export const databaseOptionProbes: Probes<DatabaseOptions> = {
  databasePoolSize: async () => {
    const { kernel } = await startedService({ databasePoolSize: 3 });
    expect(kernel.settings.database.poolSize).toBe(3);
    await onServers({ databasePoolSize: 3 }, async (database) => expect(database.stats().pool.size).toBe(3));
  },
  databaseStatementTimeoutMs: async () => {
    const { kernel } = await startedService({ databaseStatementTimeoutMs: 200 });
    expect(kernel.settings.database.statementTimeoutMs).toBe(200);
    await onServers({ databaseStatementTimeoutMs: 200 }, async (database, sleep) => {
      await expect(database.query(sleep)).rejects.toMatchObject({ code: 'E_TIMEOUT' });
    });
  },
  backupSchedule: async () => {
    await expect(startedService({ backupSchedule: '61 * * * *' })).rejects.toThrow(/"61 \* \* \* \*" is no cron/);
    await startedService({ backupSchedule: null });
  },
  backupRetention: async () => {
    const { kernel } = await startedService({ backupRetention: { count: 1 } });
    for (let made = 0; made < 3; made++) await kernel.database.backup();
    expect(await kernel.database.listBackups()).toHaveLength(1);
  },
  backupStore: async () => {
    const backUp = async (backupStore: string) => (await startedService({ backupStore })).kernel.database.backup();
    expect(await storedFiles(backUp)).toContain('manifest.json');
    await expect(startedService({ backupStore: '/mnt/backups' })).rejects.toThrow(/backupStore/);
  },
  backupEncryption: async () => {
    const { kernel } = await startedService({ backupEncryption: { key: KEY, local: true } });
    expect(readdirSync((await kernel.database.backup()).path)).toContain('manifest.json.sealed');
    await expect(startedService({ backupEncryption: { key: 'short' } })).rejects.toThrow(/backupEncryption.*32 bytes/);
  },
  slowQueryMs: async () => {
    const slowLines = async (slowQueryMs: number): Promise<number> => {
      const logger = new KeptLog();
      await startedService({ slowQueryMs, logger });
      return logger.lines.filter(({ message }) => message === 'A statement was slow').length;
    };
    expect(await slowLines(1e-6)).toBeGreaterThan(0);
    expect(await slowLines(0)).toBe(0);
  },
};

export const databaseProbes: Probes<KernelSettings['database']> = {
  dataDir: async () => {
    const dataDir = join(freshFolder(), 'probed-data');
    await openKernel({ database: { dataDir } });
    expect(readdirSync(join(dataDir, 'migrations_audit')).length).toBeGreaterThan(0);
  },
  poolSize: async () => {
    for (const { name } of SERVERS) {
      const own = await freshDatabase(name);
      const { kernel } = await openKernel({ databaseUrl: own.url, database: { poolSize: 2 } });
      expect(kernel.database.stats().pool.size).toBe(2);
      await kernel.close();
      await own.drop();
    }
    await expect(openKernel({ database: { poolSize: 0 } })).rejects.toThrow(/database\.poolSize/);
  },
  statementTimeoutMs: async () => {
    for (const { name, engine } of SERVERS) {
      const own = await freshDatabase(name);
      const { kernel } = await openKernel({ databaseUrl: own.url, database: { statementTimeoutMs: 200 } });
      await expect(kernel.database.query(SLEEP[engine])).rejects.toMatchObject({ code: 'E_TIMEOUT' });
      await kernel.close();
      await own.drop();
    }
    await expect(openKernel({ database: { statementTimeoutMs: -1 } })).rejects.toThrow(/statementTimeoutMs/);
  },
  backupSchedule: async () => {
    await expect(openKernel({ database: { backupSchedule: '61 * * * *' } })).rejects.toThrow(/is no cron/);
    await expect(openKernel({ database: { backupSchedule: 'daily' } })).rejects.toThrow(/five fields/);
    await openKernel({ database: { backupSchedule: null } });
  },
  backupRetention: async () => {
    const { kernel } = await openKernel({ database: { backupRetention: { count: 1 } } });
    for (let made = 0; made < 3; made++) await kernel.database.backup();
    expect(await kernel.database.listBackups()).toHaveLength(1);
  },
  backupStore: async () => {
    const backUp = async (backupStore: string) =>
      (await openKernel({ database: { backupStore } })).kernel.database.backup();
    expect(await storedFiles(backUp)).toContain('manifest.json');
  },
  backupEncryption: async () => {
    const backUp = async (backupStore: string) => {
      const { kernel } = await openKernel({ database: { backupStore, backupEncryption: { key: KEY } } });
      expect(readdirSync((await kernel.database.backup()).path)).toContain('manifest.json');
    };
    expect(await storedFiles(backUp)).toContain('manifest.json.sealed');
  },
  slowQueryMs: async () => {
    const quiet = { observability: { logLevel: 'error' } };
    const { kernel } = await openKernel({ database: { slowQueryMs: 1e-6 }, ...quiet });
    expect(kernel.database.stats().slow).toBeGreaterThan(0);
  },
};

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createService, type Service, type ServiceOptions } from 'app-kernel';
import { KeptLog } from './kept-log.js';

process.env.APP_ENV = 'test';
delete process.env.ENV;

const opened: Service[] = [];
const folders: string[] = [];

/** A folder of this test's own, removed by `releaseServices`. */
export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'app-kernel-service-'));
  folders.push(folder);
  return folder;
}

/** An absolute `sqlite:` URL inside `folder`. */
export function sqliteUrl(folder: string, file = 'test.db'): string {
  return `sqlite:///${join(folder, file)}`;
}

/** Options that touch nothing but a fresh folder. */
export function freshOptions(options: Partial<ServiceOptions> = {}): ServiceOptions {
  const folder = options.rootDir ?? freshFolder();
  return {
    name: 'test-service',
    rootDir: folder,
    dataDir: join(folder, '.data'),
    databaseUrl: sqliteUrl(folder),
    entities: [],
    logger: new KeptLog(),
    ...options,
  };
}

/** A service of this test's own, not started. */
export function freshService(options: Partial<ServiceOptions> = {}): Service {
  return track(createService(freshOptions(options)));
}

export async function startedService(options: Partial<ServiceOptions> = {}): Promise<Service> {
  const service = freshService(options);
  await service.ready();
  return service;
}

/** Closes `service` after the test, whatever becomes of it. */
export function track(service: Service): Service {
  opened.push(service);
  return service;
}

/** For `afterEach`. */
export async function releaseServices(): Promise<void> {
  for (const service of opened.splice(0).reverse()) await service.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { initAppKernel, type KernelRuntime, type KernelSettingsInput, kernelSettings } from 'app-kernel';
import Koa from 'koa';
import { freshFolder, releaseServices, sqliteUrl } from './fresh-service.js';
import { type Send, sendOver } from './http-calls.js';

type Resources = NonNullable<Parameters<typeof initAppKernel>[2]>;

export interface FreshKernel {
  app: Koa;
  kernel: KernelRuntime;
  send: Send;
  folder: string;
  /** The lines of its log file, as far as written. */
  logLines(): Array<Record<string, unknown>>;
}

const kernels: KernelRuntime[] = [];
const servers: Server[] = [];

/** A kernel on a Koa application of this test's own, ready, behind a real socket. Its log goes to a file. */
export async function openKernel(
  changes: KernelSettingsInput = {},
  { use, ...resources }: Resources & { use?: Koa.Middleware } = {},
): Promise<FreshKernel> {
  const opened = newKernel(changes, resources);
  if (use) opened.app.use(use);
  await opened.kernel.ready();
  const server = createServer(opened.app.callback());
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { ...opened, send: sendOver(`http://127.0.0.1:${(server.address() as AddressInfo).port}`) };
}

/** The same, not started. */
export function newKernel(changes: KernelSettingsInput = {}, resources: Resources = {}): Omit<FreshKernel, 'send'> {
  const folder = freshFolder();
  const app = new Koa();
  const settings = kernelSettings({
    ...changes,
    auth: { tokenSecret: 'a-secret-of-32-characters-or-more', ...changes.auth },
    redis: { url: null, ...changes.redis },
    database: { dataDir: join(folder, '.data'), ...changes.database },
    databaseUrl: changes.databaseUrl === undefined ? sqliteUrl(folder) : changes.databaseUrl,
    observability: { logDir: join(folder, 'logs'), ...changes.observability },
  });
  const kernel = initAppKernel(app, settings, { entities: [], ...resources });
  kernels.push(kernel);
  return { app, kernel, folder, logLines: () => readLog(settings.observability.logDir ?? '') };
}

/** For `afterEach`. */
export async function releaseKernels(): Promise<void> {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  for (const kernel of kernels.splice(0).reverse()) await kernel.close();
  await releaseServices();
}

function readLog(folder: string): Array<Record<string, unknown>> {
  return readdirSync(folder).flatMap((file) =>
    readFileSync(join(folder, file), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  );
}

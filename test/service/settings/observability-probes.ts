import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { getLogger, type ObservabilitySettings } from 'app-kernel';
import { expect } from 'vitest';
import { openKernel } from '../setup/fresh-kernel.js';
import { freshFolder } from '../setup/fresh-service.js';
import { eventually } from '../setup/http-calls.js';
import { observabilityExtras } from './observing-probes.js';
import type { Probes } from './probe.js';

export const observabilityProbes: Probes<ObservabilitySettings> = {
  ...observabilityExtras,
  serviceName: async () => {
    const { send, logLines } = await openKernel({ observability: { serviceName: 'probed-name' } });
    getLogger().info('hello');
    await eventually(
      () => logLines().some((line) => JSON.stringify(line).includes('probed-name')),
      'the name in a line',
    );
    const document = (await (await send('/openapi.json')).json()) as { info: { title: string } };
    expect(document.info.title).toBe('probed-name');
  },
  logLevel: async () => {
    const quiet = await openKernel({ observability: { logLevel: 'ERROR' } });
    getLogger().info('unheard');
    getLogger().error('heard');
    await eventually(() => quiet.logLines().some(({ msg }) => msg === 'heard'), 'the error');
    expect(quiet.logLines().some(({ msg }) => msg === 'unheard')).toBe(false);
    const chatty = await openKernel({ observability: { logLevel: 'debug' } });
    getLogger().debug('whispered');
    await eventually(() => chatty.logLines().some(({ msg }) => msg === 'whispered'), 'the debug line');
  },
  logDir: async () => {
    const logDir = join(freshFolder(), 'deep/logs');
    await openKernel({ observability: { logDir } });
    getLogger().info('to the file');
    await eventually(() => existsSync(logDir) && readdirSync(logDir).length > 0, 'a file in logDir');
  },
  addCallerInfo: async () => {
    const [withCaller, without] = [await openKernel(), await openKernel({ observability: { addCallerInfo: false } })];
    for (const { kernel } of [withCaller, without]) kernel.logger.info('who called');
    const lineOf = (kernel: typeof withCaller) =>
      eventually(() => kernel.logLines().find(({ msg }) => msg === 'who called'), 'the line');
    expect(JSON.stringify(await lineOf(withCaller))).toMatch(/observability-probes/);
    expect(JSON.stringify(await lineOf(without))).not.toMatch(/observability-probes/);
  },
};

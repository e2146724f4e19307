import {
  createRouter,
  type KernelRuntime,
  type KernelSettings,
  type KernelSettingsInput,
  RequestMetric,
  ServiceConfig,
  type ServiceConfigFields,
  type ServiceOptions,
  TraceSpan,
  UsageEvent,
} from 'app-kernel';
import { expect } from 'vitest';
import { nothingWaits } from '../../setup/recorded.js';
import { openKernel } from '../setup/fresh-kernel.js';
import { startedService } from '../setup/fresh-service.js';
import type { Probes } from './probe.js';

type Observability = Pick<
  KernelSettings['observability'],
  'requestMetricsEnabled' | 'requestMetricsExcludePaths' | 'sensitiveParams' | 'meteringEnabled'
>;
type ObservingFields = Pick<
  ServiceConfigFields,
  | 'requestMetricsEnabled'
  | 'requestMetricsExcludePaths'
  | 'meteringEnabled'
  | 'tracingEnabled'
  | 'tracingExcludePaths'
  | 'tracingSampleRate'
>;

const router = createRouter();
router.get('/fine', {}, () => ({}));
router.get('/broken', {}, () => {
  throw new Error('on purpose');
});

interface Probed {
  kernel: KernelRuntime;
  ask(path: string): Promise<unknown>;
}

async function kernelWith(settings: KernelSettingsInput): Promise<Probed> {
  const { kernel, send } = await openKernel(settings, { routers: [router] });
  return { kernel, ask: (path) => send(path) };
}

async function serviceWith(fields: ServiceConfigFields, options: Partial<ServiceOptions> = {}): Promise<Probed> {
  const service = await startedService({ config: new ServiceConfig(fields), routers: [router], ...options });
  return { kernel: service.kernel, ask: (path) => service.inject(`/api/v1${path}`) };
}

async function countedUses({ kernel, ask }: Probed): Promise<number> {
  await ask('/fine');
  await nothingWaits(kernel.services);
  return UsageEvent.count({ db: kernel.database });
}

/** The paths that are kept of `/fine` and `/broken`, the names of whose parts end so. */
async function keptRequests({ kernel, ask }: Probed, paths = ['/fine', '/broken']): Promise<string[]> {
  for (const path of paths) await ask(path);
  await nothingWaits(kernel.services);
  const rows = await RequestMetric.find({ db: kernel.database });
  return rows.map(({ path }) => path.replace('/api/v1', '')).sort();
}

async function expectMasked(probed: Probed): Promise<void> {
  await keptRequests(probed, ['/fine?ssn_no=078051120&x=1']);
  const [row] = await RequestMetric.find({ db: probed.kernel.database });
  expect(row?.queryParams).toEqual({ ssn_no: '***1120', x: '1' });
}

async function keptTraces({ kernel, ask }: Probed, paths = ['/fine', '/broken']): Promise<string[]> {
  for (const path of paths) await ask(path);
  await nothingWaits(kernel.services);
  const roots = await TraceSpan.find({ where: { kind: 1 }, db: kernel.database });
  return roots.map(({ name }) => name.replace('/api/v1', '')).sort();
}

const ALL = ['GET /broken', 'GET /fine'];

export const observabilityExtras: Probes<Observability> = {
  requestMetricsEnabled: async () => {
    expect(await keptRequests(await kernelWith({}))).toEqual([]);
    expect(await keptRequests(await kernelWith({ observability: { requestMetricsEnabled: true } }))).toHaveLength(2);
  },
  requestMetricsExcludePaths: async () => {
    const probed = await kernelWith({
      observability: { requestMetricsEnabled: true, requestMetricsExcludePaths: ['/broken'] },
    });
    expect(await keptRequests(probed)).toEqual(['/fine']);
  },
  sensitiveParams: async () => {
    await expectMasked(await kernelWith({ observability: { requestMetricsEnabled: true, sensitiveParams: ['ssn'] } }));
  },
  meteringEnabled: async () => {
    const counted = async (meteringEnabled: boolean): Promise<number> =>
      countedUses(await kernelWith({ observability: { meteringEnabled } }));
    expect([await counted(true), await counted(false)]).toEqual([1, 0]);
  },
};

export const tracingProbes: Probes<KernelSettings['tracing']> = {
  enabled: async () => {
    expect(await keptTraces(await kernelWith({}))).toEqual(ALL);
    expect(await keptTraces(await kernelWith({ tracing: { enabled: false } }))).toEqual([]);
  },
  excludePaths: async () => {
    expect(await keptTraces(await kernelWith({ tracing: { excludePaths: ['/fine'] } }))).toEqual(['GET /broken']);
  },
  sampleRate: async () => {
    expect(await keptTraces(await kernelWith({ tracing: { sampleRate: 0 } }))).toEqual(['GET /broken']);
    expect(await keptTraces(await kernelWith({ tracing: { sampleRate: 0, saveErrors: false } }))).toEqual([]);
    const half = await kernelWith({ tracing: { sampleRate: 0.5 } });
    const { length } = await keptTraces(half, Array(200).fill('/fine'));
    expect(length).toBeGreaterThan(50);
    expect(length).toBeLessThan(150);
  },
  saveThresholdMs: async () => {
    expect(await keptTraces(await kernelWith({ tracing: { saveThresholdMs: 60_000 } }))).toEqual(['GET /broken']);
  },
  saveErrors: async () => {
    const tracing = { saveThresholdMs: 60_000, saveErrors: false };
    expect(await keptTraces(await kernelWith({ tracing }))).toEqual([]);
  },
};

export const observingOptionProbes: Probes<
  Pick<ServiceOptions, 'requestMetricsEnabled' | 'sensitiveParams' | 'meteringEnabled'>
> = {
  sensitiveParams: async () => expectMasked(await serviceWith({}, { sensitiveParams: ['ssn'] })),
  requestMetricsEnabled: async () => {
    expect(await keptRequests(await serviceWith({}, { requestMetricsEnabled: false }))).toEqual([]);
    const overruled = await serviceWith({ requestMetricsEnabled: false }, { requestMetricsEnabled: true });
    expect(await keptRequests(overruled)).toHaveLength(2);
  },
  meteringEnabled: async () => {
    expect(await countedUses(await serviceWith({}, { meteringEnabled: false }))).toBe(0);
    expect(await countedUses(await serviceWith({ meteringEnabled: false }, { meteringEnabled: true }))).toBe(1);
  },
};

export const observingConfigProbes: Probes<ObservingFields> = {
  requestMetricsEnabled: async () => {
    expect(await keptRequests(await serviceWith({}))).toHaveLength(2);
    expect(await keptRequests(await serviceWith({ requestMetricsEnabled: false }))).toEqual([]);
  },
  requestMetricsExcludePaths: async () => {
    const probed = await serviceWith({ requestMetricsExcludePaths: ['/api/v1/broken'] });
    expect(await keptRequests(probed)).toEqual(['/fine']);
  },
  meteringEnabled: async () => {
    expect(await countedUses(await serviceWith({}))).toBe(1);
    expect(await countedUses(await serviceWith({ meteringEnabled: false }))).toBe(0);
  },
  tracingEnabled: async () => {
    expect(await keptTraces(await serviceWith({ tracingEnabled: false }))).toEqual([]);
  },
  tracingExcludePaths: async () => {
    const probed = await serviceWith({ tracingExcludePaths: ['/api/v1/fine'] });
    expect(await keptTraces(probed)).toEqual(['GET /broken']);
  },
  tracingSampleRate: async () => {
    expect(await keptTraces(await serviceWith({ tracingSampleRate: 0 }))).toEqual(['GET /broken']);
    expect(() => ServiceConfig.fromEnv({ TRACING_SAMPLE_RATE: '2' })).toThrow(/TRACING_SAMPLE_RATE/);
  },
};

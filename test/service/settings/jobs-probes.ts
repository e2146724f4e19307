import { getJobClient, JobRegistry, type JobSettings } from 'app-kernel';
import { expect } from 'vitest';
import { openKernel } from '../setup/fresh-kernel.js';
import { eventually } from '../setup/http-calls.js';
import type { Probes } from './probe.js';

type Handler = Parameters<JobRegistry['register']>[1];

async function openWorker(jobs: Partial<JobSettings>, handler: Handler): Promise<void> {
  const registry = new JobRegistry();
  registry.register('probe', handler);
  await openKernel({ jobs: jobs as never }, { jobRegistry: registry });
}

const fail = async (): Promise<never> => {
  throw new Error('on purpose');
};

export const jobsProbes: Probes<JobSettings> = {
  workerCount: async () => {
    let running = 0;
    let most = 0;
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    await openWorker({ workerCount: 2 }, async () => {
      running += 1;
      most = Math.max(most, running);
      await released;
      running -= 1;
    });
    for (let job = 0; job < 5; job++) await getJobClient().enqueue('probe', {});
    await eventually(() => most === 2, 'two jobs at once');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(most).toBe(2);
    release();
    await eventually(() => running === 0, 'the jobs to end');
  },
  threadPoolSize: async () => {
    const registry = new JobRegistry();
    registry.register('compute', new URL('../../jobs/modules/compute.mjs', import.meta.url));
    await openKernel({ jobs: { workerCount: 6, threadPoolSize: 2 } }, { jobRegistry: registry });
    const data = { does: 'wait', ms: 20 };
    const jobs = await getJobClient().enqueueMany(Array.from({ length: 6 }, () => ({ task: 'compute', data })));
    const threads = await Promise.all(
      jobs.map(({ jobId }) =>
        eventually(async () => {
          const job = await getJobClient().get(jobId);
          return job?.status === 'succeeded' ? { id: job.result } : undefined;
        }, 'a result'),
      ),
    );
    expect(new Set(threads.map(({ id }) => id)).size).toBe(2);
  },
  outbox: async () => {
    const jobRegistry = JobRegistry.from({ probe: () => {} });
    const { kernel } = await openKernel({ jobs: { workerCount: 0, outbox: false } }, { jobRegistry });
    const undone = kernel.database.context(async () => {
      await getJobClient().enqueue('probe', {});
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect((await getJobClient().stats()).waiting).toBe(1);
  },
  workTimeoutSeconds: async () => {
    let aborted = false;
    await openWorker({ workTimeoutSeconds: 0.2, maxAttempts: 1 }, (_data, ctx) => {
      ctx.signal.addEventListener('abort', () => {
        aborted = true;
      });
      return new Promise(() => {});
    });
    const { jobId } = await getJobClient().enqueue('probe', {});
    await eventually(() => aborted, 'the abort');
    const failed = await eventually(async () => {
      const job = await getJobClient().get(jobId);
      return job?.error ? job : undefined;
    }, 'the failure');
    expect(String(failed.error)).toMatch(/time|0\.2/i);
  },
  maxAttempts: async () => {
    await openWorker({ maxAttempts: 1 }, fail);
    const { jobId } = await getJobClient().enqueue('probe', {});
    const dead = await eventually(async () => {
      const jobs = await getJobClient().deadLetters();
      return jobs.length > 0 ? jobs : undefined;
    }, 'the dead letter');
    expect(JSON.stringify(dead)).toContain(jobId);
    expect((await getJobClient().get(jobId))?.attempts).toBe(1);
  },
  retryDelaysSeconds: async () => {
    const at: number[] = [];
    await openWorker({ maxAttempts: 3, retryDelaysSeconds: [0.05] }, async () => {
      at.push(Date.now());
      throw new Error('on purpose');
    });
    await getJobClient().enqueue('probe', {});
    // The default waits one second and then five.
    await eventually(() => at.length === 3, 'three attempts', 4000);
  },
};

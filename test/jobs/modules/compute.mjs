// Handlers of threads: what each does is told by its data.
import { setTimeout as wait } from 'node:timers/promises';
import { threadId } from 'node:worker_threads';

export async function handle({ does, ms }, context) {
  switch (does) {
    case 'answer':
      await context.progress(50);
      await context.log(`attempt ${context.attempt} of ${context.taskName}`);
      return { threadId, jobId: context.jobId, userId: context.userId, metadata: context.metadata };
    case 'fail':
      throw Object.assign(new RangeError('out of bounds'), { code: 'E_BOUNDS' });
    case 'never end':
      for (;;);
    case 'exit':
      return process.exit(3);
    case 'heed':
      return wait(60_000, undefined, { signal: context.signal }).catch(() => {
        throw context.signal.reason;
      });
    case 'answer with a function':
      return { answer: () => 42 };
    default:
      await wait(ms);
      return threadId;
  }
}
